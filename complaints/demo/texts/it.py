"""Italian."""

from complaints.demo.texts.book import Book, Story, people

STORIES = (
    Story(
        type="product-damaged",
        subject="{item} consegnato con la porta rotta",
        text="I corrieri l'hanno appoggiato in corridoio, hanno fatto firmare mia suocera e sono spariti. La "
        "porta è piegata e non chiude. Le pappe del bambino sono da buttare. Allego la terza fotografia, "
        "nelle prime due non si vedeva bene.",
        items=("Frigorifero", "Congelatore", "Forno"),
        severity="serious",
        remedy="replacement",
        channels=("web", "phone", "email"),
        note="Stesso corriere degli altri due. Ho chiesto le foto del carico prima della partenza.",
        question="Può mandarci una foto dell'imballo, dove si vede l'etichetta del corriere?",
        reply="Eccola. L'etichetta è sul lato corto, un po' strappata.",
        answer="Ha ragione: l'apparecchio è stato danneggiato prima di arrivare da lei. Quello nuovo arriva "
        "domani mattina e i corrieri portano via il vecchio. Le rimborsiamo anche la spesa andata a male: "
        "basta rispondere con l'importo.",
        summary="Danno durante il trasporto. Apparecchio sostituito, spesa rimborsata.",
        cause="supplier",
    ),
    Story(
        type="service-waiting",
        subject="Cinquanta minuti di attesa e poi è caduta la linea",
        text="Volevo solo sapere se {item} si può spedire in un ufficio. Cinquanta minuti con la stessa "
        "canzone, poi il silenzio. Ho richiamato e ho ricominciato da capo.",
        items=("una scrivania", "una lampada", "una sedia"),
        severity="minor",
        channels=("web", "social", "email"),
        answer="Quel pomeriggio mancavano due persone e la coda non l'ha detto a nessuno. Sì, possiamo "
        "spedire in ufficio: ho già segnato l'indirizzo sul suo ordine. Da questa settimana chi aspetta più "
        "di dieci minuti può farsi richiamare.",
        summary="Coda senza avviso in un giorno di assenze. Indirizzo aggiornato; attivata la richiamata.",
        cause="process-missing-step",
    ),
    Story(
        type="billing-overcharged",
        subject="Addebitata due volte la consegna al piano",
        text="Abito al piano terra. Ho pagato la consegna al piano perché il sito non lasciava andare avanti "
        "senza, e sulla fattura c'è due volte. Ordine {order}, {item}.",
        items=("lavatrice", "asciugatrice", "lavastoviglie"),
        remedy="refund",
        channels=("email", "web", "phone"),
        question="Ci conferma che la consegna è avvenuta al piano terra, senza scale?",
        reply="Confermo, dal portone alla cucina sono sei passi.",
        answer="L'opzione non doveva essere obbligatoria e non doveva comparire due volte. Le abbiamo "
        "rimborsato entrambi gli importi, 58,00 €, sulla carta con cui ha pagato.",
        summary="Opzione obbligatoria per errore e contata due volte. Rimborsati entrambi gli importi.",
        cause="system-software",
    ),
    Story(
        type="delivery-late",
        subject="{item}: la consegna slitta da tre settimane",
        text="Ogni lunedì ricevo un messaggio che dice «la prossima settimana». Ormai sono tre lunedì. A "
        "Natale vorrei cenare a un tavolo. Ordine {order}.",
        items=("Tavolo allungabile", "Divano letto", "Mobile da cucina"),
        expectation="Una data sicura, oppure i soldi indietro.",
        channels=("web", "email", "phone"),
        note="Il fornitore ha spedito senza le gambe. Le gambe partono venerdì da Udine.",
        answer="Il fornitore aveva spedito un collo su due, e noi continuavamo a rimandare senza dirle "
        "perché. Il secondo collo è arrivato oggi: la consegna è fissata per giovedì tra le 14:00 e le "
        "16:00. Le spese di spedizione le abbiamo tolte.",
        summary="Secondo collo mancante dal fornitore. Consegna fissata, spedizione rimborsata.",
        cause="supplier",
    ),
    Story(
        type="product-defective",
        subject="{item} perde acqua dopo dieci giorni",
        text="Dieci giorni esatti. La mattina dell'undicesimo ho trovato il pavimento bagnato e il parquet "
        "gonfio. Il padrone di casa vuole sapere chi paga.",
        items=("La macchina del caffè", "La lavastoviglie", "La caraffa filtrante"),
        severity="serious",
        channels=("phone", "web", "email"),
        note="Terza guarnizione dello stesso lotto. Avvisato il laboratorio.",
        answer="La guarnizione era montata al contrario in fabbrica. Sostituiamo l'apparecchio e per il "
        "pavimento abbiamo aperto la pratica con la nostra assicurazione, che scriverà direttamente al "
        "proprietario.",
        summary="Guarnizione montata male in fabbrica. Sostituito; danno al parquet all'assicurazione.",
        cause="product-production",
    ),
    Story(
        type="staff-rude",
        subject="In negozio mi hanno risposto ridendo",
        text="Ho chiesto se {item} si poteva provare. Il commesso ha guardato il collega, hanno riso, e mi "
        "ha detto che non siamo al luna park. C'era mia figlia con me.",
        items=("una bilancia", "un massaggiatore", "una sedia da ufficio"),
        channels=("letter", "web", "in_person"),
        expectation="Due righe di scuse.",
        answer="Le chiedo scusa, e con me la responsabile del negozio, che ha parlato con entrambi. La sua "
        "domanda era normale: da noi si può provare tutto ciò che è esposto, e quando tornerà sarà lei in "
        "persona ad accompagnarla.",
        summary="Comportamento confermato dalla responsabile. Scuse e colloquio con i due addetti.",
        cause="people-conduct",
    ),
    Story(
        type="obstacle-accessibility",
        subject="Non riesco a ordinare con il lettore di schermo",
        voice="f",
        text="Sono cieca e compro da sola da anni. Dal mese scorso, al momento di pagare, il lettore di "
        "schermo dice soltanto «pulsante». Ce ne sono quattro. Ho provato il secondo e ho svuotato il "
        "carrello.",
        severity="serious",
        channels=("email", "web", "phone"),
        note="Verificato con NVDA: i quattro pulsanti hanno solo l'icona. Segnalato al gruppo web.",
        answer="Con la nuova pagina di pagamento i pulsanti avevano perso il nome. Da stamattina ce l'hanno "
        "di nuovo, e prima di ogni modifica li proveremo con un lettore di schermo. Il carrello che aveva "
        "riempito è di nuovo lì.",
        summary="Pulsanti senza nome accessibile nella nuova pagina. Corretti; prova aggiunta ai controlli.",
        cause="process-missing-step",
    ),
    Story(
        type="billing-points",
        subject="Spariti i punti dell'ordine di marzo",
        text="Avevo 640 punti. Dopo il reso di {item} ne ho 12. Il reso valeva 30 punti, non seicento.",
        items=("un frullatore", "un tappeto", "un ventilatore"),
        severity="minor",
        channels=("web", "chat", "email"),
        answer="Il reso aveva annullato tutti i punti dell'anno invece di quelli dell'ordine. Ora sono 610, "
        "come devono essere, e ne abbiamo aggiunti 40 per il disturbo.",
        summary="Errore nel calcolo dei punti al reso. Saldo corretto, 40 punti omaggio.",
        cause="system-software",
    ),
    Story(
        type="service-poor-work",
        subject="Montaggio del {item} lasciato a metà",
        text="I montatori sono andati via alle cinque in punto con due ante in mano. Hanno detto che "
        "tornavano «in settimana». La settimana è finita e io ho un {item} senza ante.",
        items=("guardaroba", "mobile da bagno", "pensile"),
        channels=("phone", "web", "email"),
        question="Le va bene martedì alle 9:00? La squadra avrebbe tutta la mattina.",
        reply="Martedì va bene, purché vengano davvero.",
        answer="La squadra torna martedì alle 9:00 con le due ante e resta finché è finito. Il montaggio non "
        "lo paga: le ho già rimborsato l'importo.",
        summary="Montaggio interrotto a fine turno. Finito al secondo appuntamento, costo rimborsato.",
        cause="process-handover",
    ),
    Story(
        type="product-not-as-described",
        subject="Il {item} è più piccolo di quanto scritto",
        text="Sul sito ci sono 200 cm. Ho misurato tre volte: 187. In quel buco volevo farci stare la "
        "cassettiera. Ordine {order}.",
        items=("tappeto", "ripiano", "piano di lavoro"),
        outcome="partly_upheld",
        remedy="refund",
        channels=("web", "email", "chat"),
        answer="Nella scheda c'era la misura con le frange, e non era scritto. Può restituirlo a nostre "
        "spese oppure tenerlo con il 20% di sconto. Il costo della cassettiera che ha comprato altrove, "
        "invece, non possiamo rimborsarlo.",
        summary="Misura ambigua nella scheda, corretta. Reso gratuito o sconto del 20%; respinto il costo ulteriore.",
        cause="information-wrong",
    ),
)

BOOK = Book(
    greeting="Buongiorno {first},",
    mail_domain="posta.example",
    phone="+39 320 000 0{0:03d}",
    stories=STORIES,
    people=people(
        "Giulia Ferri|||f",
        "Marco Bellini",
        "Chiara Donati",
        "Alessandro Riva",
        "Federica Galli|||f",
        "Davide Moretti",
        "Elena Sartori|||f",
        "Stefano Bassi",
        "Valentina Colombo",
        "Nicola Ferraro",
        "Paola Marchetti",
        "Simone Guerra",
        "Anna Pellegrini|||f",
        "Luca Fontana",
        "Caterina Rizzo|||f",
        "Pietro Lombardi",
    ),
    acknowledgements=(
        "Ho letto il suo reclamo e lo seguo io. Domani sera avrà mie notizie, anche solo per dirle che "
        "aspetto ancora una risposta.",
        "Grazie per averlo raccontato con tanta precisione. Oggi stesso chiedo al magazzino e le riferisco "
        "che cosa mi dicono.",
        "Mi dispiace per quanto le è accaduto. Prima di prometterle qualcosa voglio capire che cosa è "
        "successo; le scrivo appena lo so.",
    ),
    progress=(
        "Ci stiamo ancora lavorando: il laboratorio ha risposto, il corriere non ancora. Domani mattina lo richiamo.",
        "Non l'ho dimenticata. All'amministrazione serve ancora un giorno per rintracciare il pagamento; lei "
        "non deve fare nulla.",
    ),
    chasers=(
        "Ci sono novità? Mi avevano detto mercoledì.",
        "Nessuno mi ha richiamato e tra due ore comincia il fine settimana.",
    ),
    thanks=(
        "Grazie, alla fine è stato veloce.",
        "I soldi sono arrivati. Grazie per l'aiuto.",
        "Va bene così, mi sembra giusto.",
    ),
    reopened=(
        "È successo di nuovo, esattamente la stessa cosa. Vi chiedo di riaprire la pratica.",
        "Il rimborso promesso non è ancora arrivato sul conto.",
    ),
    withdrawn=(
        "Ce l'aveva il portinaio. Scusate il disturbo.",
        "Nel frattempo è arrivato, potete dimenticare il mio reclamo.",
    ),
    waiting_for="Fotografie o numeri dal cliente",
    sorted_anew="Dal testo si capisce di che cosa si tratta",
    handed_on="Conosce meglio il corriere e oggi è in ufficio",
    notes=(
        "Ho chiamato due volte, non risponde. Riprovo dopo pranzo.",
        "Terzo caso del mese con lo stesso corriere; lo porto alla riunione di giovedì.",
        "Gentile al telefono. Vuole soprattutto sapere che cosa sta succedendo.",
    ),
)
