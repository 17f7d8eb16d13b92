"""Articles of Halden & Moss, who sell lamps and kitchens, in five languages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

LANGUAGES = ("en", "es", "pt", "it", "ru")
BANK_FEES = "bank-fees"
WHAT_CHANGED = "A new step asks about costs that followed; bank fees up to 25 euros are ours to pay."


def said(*words: str) -> dict[str, str]:
    return dict(zip(LANGUAGES, words, strict=True))


@dataclass(frozen=True, slots=True)
class Written:
    """One article. `days_ago`: when it was published."""

    key: str
    kind: str
    titles: dict[str, str]
    bodies: dict[str, str]
    days_ago: int
    types: tuple[str, ...] = ()
    url: str = ""
    must_confirm: bool = False


COSTS_STEP: dict[str, Any] = {
    "title": said(
        "Ask about costs that followed",
        "Preguntar por los gastos derivados",
        "Perguntar pelos custos que vieram depois",
        "Chiedere delle spese che ne sono seguite",
        "Спросить о последовавших расходах",
    ),
    "text": said(
        "Bank fees up to **€25** are ours to pay, on the word of the customer.",
        "Las comisiones bancarias de hasta **25 €** las pagamos nosotros, basta la palabra del cliente.",
        "Tarifas bancárias de até **€ 25** são por nossa conta, basta a palavra do cliente.",
        "Le commissioni bancarie fino a **25 €** sono a carico nostro, basta la parola del cliente.",
        "Банковские комиссии до **25 €** оплачиваем мы, достаточно слов клиента.",
    ),
    "required": True,
}

ARTICLES = (
    Written(
        "returns",
        "policy",
        said(
            "Returns within 30 days",
            "Devoluciones en 30 días",
            "Devoluções em até 30 dias",
            "Resi entro 30 giorni",
            "Возврат в течение 30 дней",
        ),
        said(
            "Everything can be sent back within **30 days** of its arrival, used or not.\n\n"
            "- The label comes from us, the parcel is collected.\n"
            "- The money is back within three working days of the parcel.\n"
            "- Lamps that were wired in are taken out by our fitter, at no cost.",
            "Todo se puede devolver en los **30 días** siguientes a la entrega, usado o no.\n\n"
            "- La etiqueta la ponemos nosotros y el paquete se recoge.\n"
            "- El dinero vuelve a los tres días hábiles de llegar el paquete.\n"
            "- Las lámparas instaladas las desmonta nuestro técnico, sin coste.",
            "Tudo pode ser devolvido em até **30 dias** da entrega, usado ou não.\n\n"
            "- A etiqueta é por nossa conta e o pacote é coletado.\n"
            "- O dinheiro volta em até três dias úteis depois do pacote.\n"
            "- Luminárias instaladas são retiradas pelo nosso técnico, sem custo.",
            "Tutto si può rendere entro **30 giorni** dalla consegna, usato o no.\n\n"
            "- L'etichetta la mettiamo noi e il pacco viene ritirato.\n"
            "- Il denaro torna entro tre giorni lavorativi dal pacco.\n"
            "- Le lampade già montate le smonta il nostro tecnico, senza spese.",
            "Всё можно вернуть в течение **30 дней** после доставки, даже бывшее в использовании.\n\n"
            "- Пересылку оплачиваем мы, посылку заберёт курьер.\n"
            "- Деньги вернутся за три рабочих дня после получения посылки.\n"
            "- Установленные светильники бесплатно снимет наш мастер.",
        ),
        days_ago=210,
        types=("product", "delivery-wrong-item"),
        url="https://haldenmoss.example/returns",
    ),
    Written(
        BANK_FEES,
        "policy",
        said(
            "Costs that follow our mistakes",
            "Gastos derivados de nuestros errores",
            "Custos causados por nossos erros",
            "Spese causate dai nostri errori",
            "Расходы из-за наших ошибок",
        ),
        said(
            "Who was charged too much or twice does not pay for what came of it.\n\n"
            "1. Bank fees and interest up to **€25**: at once, on the customer's word.\n"
            "2. Up to **€150**: with a statement or a screenshot.\n"
            "3. Above that: ask for approval, and say by when there will be an answer.",
            "Quien sufrió un cobro de más o duplicado no paga lo que vino después.\n\n"
            "1. Comisiones e intereses de hasta **25 €**: en el acto, basta la palabra del cliente.\n"
            "2. Hasta **150 €**: con un extracto o una captura.\n"
            "3. Por encima: pedir aprobación y decir para cuándo habrá respuesta.",
            "Quem foi cobrado a mais ou em dobro não paga pelo que veio depois.\n\n"
            "1. Tarifas e juros de até **€ 25**: na hora, basta a palavra do cliente.\n"
            "2. Até **€ 150**: com um extrato ou uma captura de tela.\n"
            "3. Acima disso: pedir aprovação e dizer até quando haverá resposta.",
            "Chi ha subito un addebito eccessivo o doppio non paga ciò che ne è seguito.\n\n"
            "1. Commissioni e interessi fino a **25 €**: subito, basta la parola del cliente.\n"
            "2. Fino a **150 €**: con un estratto conto o una schermata.\n"
            "3. Oltre: chiedere l'approvazione e dire entro quando ci sarà risposta.",
            "Тот, с кого списали лишнее или дважды, не платит за последствия.\n\n"
            "1. Комиссии и проценты до **25 €**: сразу, достаточно слов клиента.\n"
            "2. До **150 €**: по выписке или снимку экрана.\n"
            "3. Сверх того: запросить одобрение и сказать, к какому сроку будет ответ.",
        ),
        days_ago=6,
        types=("billing-overcharged", "billing-charged-twice"),
        must_confirm=True,
    ),
    Written(
        "lost-parcel",
        "procedure",
        said(
            "A parcel that does not arrive",
            "Un paquete que no llega",
            "Um pacote que não chega",
            "Un pacco che non arriva",
            "Посылка не пришла",
        ),
        said(
            "After **five working days** without news a parcel counts as lost.\n\n"
            "1. Look at the carrier's tracking; ask neighbours and the shop only with the customer's consent.\n"
            "2. Send it again, or pay it back: the customer chooses.\n"
            "3. Write the number of the parcel into the note, the warehouse claims it from the carrier.",
            "Tras **cinco días hábiles** sin noticias, un paquete se da por perdido.\n\n"
            "1. Ver el seguimiento del transportista; preguntar a vecinos o tiendas solo si el cliente lo acepta.\n"
            "2. Reenviar o reembolsar: elige el cliente.\n"
            "3. Anotar el número del paquete; el almacén lo reclama al transportista.",
            "Depois de **cinco dias úteis** sem notícias, o pacote é dado como perdido.\n\n"
            "1. Ver o rastreamento; perguntar a vizinhos ou lojas só se o cliente concordar.\n"
            "2. Reenviar ou reembolsar: o cliente escolhe.\n"
            "3. Anotar o número do pacote; o depósito cobra da transportadora.",
            "Dopo **cinque giorni lavorativi** senza notizie un pacco è considerato smarrito.\n\n"
            "1. Guardare il tracciamento; chiedere a vicini o negozi solo se il cliente è d'accordo.\n"
            "2. Rispedire o rimborsare: sceglie il cliente.\n"
            "3. Scrivere il numero del pacco nella nota; il magazzino lo reclama al corriere.",
            "После **пяти рабочих дней** без вестей посылка считается утерянной.\n\n"
            "1. Посмотреть отслеживание; спрашивать соседей и магазин только с согласия клиента.\n"
            "2. Отправить заново или вернуть деньги: выбирает клиент.\n"
            "3. Записать номер посылки в заметку; склад предъявит претензию перевозчику.",
        ),
        days_ago=95,
        types=("delivery-lost", "delivery-late"),
    ),
    Written(
        "lamp-recall",
        "product_update",
        said(
            "Table lamp Aurora: lot 7 gets hot",
            "Lámpara de mesa Aurora: el lote 7 se calienta",
            "Luminária de mesa Aurora: o lote 7 esquenta",
            "Lampada da tavolo Aurora: il lotto 7 si scalda",
            "Настольная лампа Aurora: партия 7 нагревается",
        ),
        said(
            "Lamps of **lot 7** (on the foot, L07) can get hot at the switch. Nobody was hurt.\n\n"
            "- Ask every customer with an Aurora for the lot.\n"
            "- Lot 7: unplug it, a replacement leaves the same day, the old one need not be sent back.\n"
            "- Severity **critical** where somebody smelt or saw smoke.",
            "Las lámparas del **lote 7** (en la base, L07) pueden calentarse en el interruptor. Nadie resultó "
            "herido.\n\n"
            "- Preguntar el lote a todo cliente con una Aurora.\n"
            "- Lote 7: desenchufarla; la de repuesto sale el mismo día y la antigua no se devuelve.\n"
            "- Gravedad **crítica** si alguien olió o vio humo.",
            "As luminárias do **lote 7** (na base, L07) podem esquentar no interruptor. Ninguém se feriu.\n\n"
            "- Perguntar o lote a todo cliente com uma Aurora.\n"
            "- Lote 7: tirar da tomada; a nova sai no mesmo dia e a antiga não precisa voltar.\n"
            "- Gravidade **crítica** se alguém sentiu cheiro ou viu fumaça.",
            "Le lampade del **lotto 7** (sulla base, L07) possono scaldarsi all'interruttore. Nessuno si è fatto "
            "male.\n\n"
            "- Chiedere il lotto a ogni cliente con una Aurora.\n"
            "- Lotto 7: staccarla; la nuova parte in giornata e la vecchia non va resa.\n"
            "- Gravità **critica** se qualcuno ha sentito odore di fumo o l'ha visto.",
            "Лампы **партии 7** (на основании, L07) могут нагреваться у выключателя. Никто не пострадал.\n\n"
            "- Спрашивать номер партии у каждого, у кого есть Aurora.\n"
            "- Партия 7: выключить из розетки; замену отправим в тот же день, старую возвращать не нужно.\n"
            "- Если чувствовали запах или видели дым, серьёзность **критическая**.",
        ),
        days_ago=3,
        types=("product-safety", "product-defective"),
        must_confirm=True,
    ),
    Written(
        "carrier-change",
        "product_update",
        said(
            "A new carrier in Portugal and Spain",
            "Nuevo transportista en Portugal y España",
            "Nova transportadora em Portugal e na Espanha",
            "Un nuovo corriere in Portogallo e Spagna",
            "Новый перевозчик в Португалии и Испании",
        ),
        said(
            "Parcels to Portugal and Spain travel with **Iberpost** now. Tracking begins when the parcel leaves our "
            "warehouse, not before; deliveries are from 9:00 to 20:00, Saturdays too.",
            "Los paquetes a Portugal y España viajan ahora con **Iberpost**. El seguimiento empieza cuando el "
            "paquete sale "
            "de nuestro almacén, no antes; se reparte de 9:00 a 20:00, también los sábados.",
            "Os pacotes para Portugal e Espanha agora vão com a **Iberpost**. O rastreamento começa quando o pacote "
            "sai do "
            "nosso depósito, não antes; as entregas são das 9:00 às 20:00, também aos sábados.",
            "I pacchi per Portogallo e Spagna viaggiano ora con **Iberpost**. Il tracciamento inizia quando il pacco "
            "lascia "
            "il nostro magazzino, non prima; si consegna dalle 9:00 alle 20:00, anche il sabato.",
            "Посылки в Португалию и Испанию теперь доставляет **Iberpost**. Отслеживание начинается, когда посылка "
            "покинет "
            "наш склад, не раньше; доставка с 9:00 до 20:00, в том числе по субботам.",
        ),
        days_ago=19,
        types=("delivery",),
    ),
    Written(
        "invoice-address",
        "answer",
        said(
            "How do I change the address on an invoice?",
            "¿Cómo cambio la dirección de una factura?",
            "Como mudo o endereço de uma fatura?",
            "Come cambio l'indirizzo su una fattura?",
            "Как изменить адрес в счёте?",
        ),
        said(
            "Open [your orders](https://haldenmoss.example/orders), choose the order and “Invoice address”. The new "
            "invoice comes by e-mail within an hour. It works for twelve months.",
            "Abra [sus pedidos](https://haldenmoss.example/orders), elija el pedido y «Dirección de facturación». La "
            "nueva "
            "factura llega por correo electrónico en una hora. Se puede durante doce meses.",
            "Abra [seus pedidos](https://haldenmoss.example/orders), escolha o pedido e “Endereço da fatura”. A nova "
            "fatura chega por e-mail em até uma hora. Vale por doze meses.",
            "Apra [i suoi ordini](https://haldenmoss.example/orders), scelga l'ordine e «Indirizzo di fatturazione». "
            "La "
            "nuova fattura arriva per e-mail entro un'ora. È possibile per dodici mesi.",
            "Откройте [ваши заказы](https://haldenmoss.example/orders), выберите заказ и «Адрес в счёте». Новый счёт "
            "придёт "
            "по почте в течение часа. Это возможно в течение двенадцати месяцев.",
        ),
        days_ago=140,
        types=("billing-invoice",),
        url="https://haldenmoss.example/help/invoice-address",
    ),
)
