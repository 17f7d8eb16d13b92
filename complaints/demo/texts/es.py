"""Spanish."""

from complaints.demo.texts.book import Book, Story, people

STORIES = (
    Story(
        type="delivery-late",
        subject="{item} lleva doce días «en reparto»",
        text="Pedido {order}. Desde el día 4 la página dice que sale hoy a reparto. Cada mañana me quedo en "
        "casa y cada tarde cambia la fecha al día siguiente. Si no saben cuándo llega, prefiero que me lo "
        "digan.",
        items=("La lavadora", "La nevera", "La mesa de jardín"),
        expectation="Una fecha de verdad, aunque sea dentro de una semana.",
        channels=("web", "email", "phone"),
        note="El transportista la tiene parada en Getafe desde el viernes: falta la etiqueta de la segunda caja.",
        answer="Su pedido estaba parado en el almacén del transportista porque se había perdido la etiqueta "
        "de una de las dos cajas. Ya está etiquetado y el reparto sale mañana entre las 9:00 y las 11:00. Le "
        "pido disculpas por las mañanas que ha pasado esperando: le devolvemos los gastos de envío.",
        summary="Caja sin etiqueta en el almacén del transportista. Entrega fijada y gastos de envío devueltos.",
        cause="supplier",
    ),
    Story(
        type="billing-overcharged",
        subject="Me han cobrado el montaje que hice yo",
        text="Compré {item} sin montaje y así consta en el pedido {order}. En la factura aparecen 39,00 € de "
        "montaje. Lo monté yo con mi cuñado un domingo entero, así que sé bien que no vino nadie.",
        items=("el armario", "el escritorio", "el mueble de baño"),
        remedy="refund",
        channels=("email", "web", "letter"),
        question="¿Puede enviarnos una foto de la factura en la que se vea el número de la parte superior?",
        reply="Adjunta va. El número es F-2231-88.",
        answer="Tiene razón: el montaje se añadió por error al pasar el pedido a la tienda. Le hemos "
        "reembolsado los 39,00 € en la misma tarjeta y le enviamos la factura corregida.",
        summary="Montaje facturado sin haberse contratado. Importe reembolsado y factura rectificativa emitida.",
        cause="people-mistake",
    ),
    Story(
        type="product-damaged",
        subject="{item} llegó con el cristal roto",
        text="El paquete venía con una esquina hundida y el repartidor ni me dejó abrirlo. Dentro, {item} "
        "con el cristal en mil pedazos. Lo he dejado tal cual, por si alguien quiere verlo.",
        items=("la vitrocerámica", "la mesa auxiliar", "la puerta del horno"),
        severity="serious",
        remedy="replacement",
        channels=("web", "phone", "email"),
        note="Es el segundo de esta semana con el embalaje nuevo. Aviso a calidad.",
        question="¿Conserva la caja? Una foto del golpe por fuera nos ayuda a reclamar al transportista.",
        reply="Sí, la tengo en el trastero. Le mando dos fotos.",
        answer="El embalaje nuevo no protege las esquinas y su paquete lo ha pagado. La pieza de repuesto "
        "sale hoy y el repartidor recogerá la rota. Hemos vuelto al embalaje anterior.",
        summary="Embalaje insuficiente. Pieza repuesta; se vuelve al embalaje anterior.",
        cause="product-packaging",
    ),
    Story(
        type="staff-rude",
        subject="«Si no le gusta, vaya a otra tienda»",
        text="Fui a cambiar {item} con el tique en la mano. La persona de la caja suspiró, miró al techo y "
        "me dijo delante de todos que si no me gustaba me fuera a otra tienda. Llevo quince años "
        "comprándoles.",
        items=("una plancha", "una batidora", "una cafetera"),
        channels=("letter", "web", "email", "in_person"),
        expectation="Que alguien me pida disculpas.",
        note="He hablado con el encargado. Reconoce que aquel día faltaban dos personas, pero no lo justifica.",
        answer="Lamento mucho lo que le dijeron: no hay día malo que lo justifique. El encargado ha hablado "
        "con esa persona y desea llamarle para disculparse, si usted quiere. El cambio está hecho y puede "
        "recogerlo cuando le venga bien.",
        summary="Trato inadecuado confirmado por el encargado. Disculpas, conversación con la persona y cambio hecho.",
        cause="people-conduct",
    ),
    Story(
        type="service-poor-work",
        subject="El técnico dejó {item} peor que antes",
        text="Vino, estuvo diez minutos, cobró el desplazamiento y se fue. Desde entonces {item} pierde agua "
        "por detrás, cosa que antes no hacía. He puesto una fregona debajo.",
        items=("el lavavajillas", "el calentador", "el fregadero"),
        severity="serious",
        channels=("phone", "email", "web"),
        question="¿Le vendría bien que pasara otro técnico mañana por la tarde, entre las 16:00 y las 18:00?",
        reply="Sí, estaré en casa desde las cuatro.",
        answer="El segundo técnico encontró una junta mal puesta en la primera visita. Ya está cambiada, y "
        "le hemos reembolsado el desplazamiento de las dos visitas.",
        summary="Junta mal colocada en la primera visita. Reparado; desplazamientos reembolsados.",
        cause="people-training",
    ),
    Story(
        type="billing-points",
        subject="Faltan los puntos del pedido de primavera",
        text="En abril gasté casi 400 € (pedido {order}) y no me han sumado ni un punto. Por teléfono me "
        "dijeron que era cosa de dos semanas. De eso hace dos meses.",
        severity="minor",
        channels=("web", "email", "chat"),
        answer="Los puntos no se sumaron porque pagó como invitado y la cuenta se creó una hora después. Ya "
        "los tiene todos, 398, y le hemos añadido 50 por la espera.",
        summary="Compra como invitado antes de crear la cuenta. Puntos sumados a mano y 50 de cortesía.",
        cause="process-missing-step",
        outcome="partly_upheld",
    ),
    Story(
        type="product-not-as-described",
        subject="{item} no es de roble macizo",
        text="En la web pone «roble macizo». He levantado una esquina y debajo hay aglomerado con una "
        "lámina. Por ese precio esperaba madera. Pedido {order}.",
        items=("La estantería", "La encimera", "La cómoda"),
        remedy="refund",
        channels=("web", "email", "letter"),
        note="La ficha dice «roble macizo» solo en español. En inglés pone «oak veneer».",
        answer="Tiene razón: la ficha en español estaba mal traducida. Puede devolverla sin ningún gasto o "
        "quedársela con un 40 % de descuento; dígame qué prefiere. La ficha ya está corregida.",
        summary="Ficha mal traducida. Devolución gratuita o 40 % de descuento, a elección del cliente.",
        cause="information-wrong",
    ),
    Story(
        type="obstacle-cannot-order",
        subject="La página no acepta mi código postal",
        text="Vivo en un pueblo de Soria. Al poner el código postal sale «no servimos en su zona», pero mi "
        "vecina recibió {item} la semana pasada. ¿Servimos o no servimos?",
        items=("una lavadora", "un sofá", "un frigorífico"),
        severity="minor",
        channels=("web", "chat", "social"),
        answer="Sí que servimos. Al actualizar la lista de códigos se borraron cuarenta y dos pueblos, el "
        "suyo entre ellos. Ya están de vuelta y el envío de su pedido corre de nuestra cuenta.",
        summary="Cuarenta y dos códigos postales borrados al actualizar. Restaurados; envío gratuito.",
        cause="system-software",
    ),
    Story(
        type="promise",
        subject="Quedaron en llamarme el lunes",
        text="El viernes una señorita muy amable me prometió que el lunes a primera hora me llamarían para "
        "lo de {item}. Es jueves. He llamado tres veces y cada vez tengo que contar la historia desde el "
        "principio.",
        items=("la recogida", "la garantía", "el reembolso"),
        channels=("phone", "web", "email"),
        note="No quedó apuntado en ningún sitio. La compañera está de baja desde el lunes.",
        answer="No cumplimos lo prometido y le pido disculpas. La persona que habló con usted está de baja y "
        "su aviso se quedó en su mesa. Desde hoy lo llevo yo: la recogida es el martes de 10:00 a 12:00 y "
        "tiene mi número directo.",
        summary="Compromiso perdido por una baja. Recogida fijada; el caso tiene un solo responsable.",
        cause="process-handover",
    ),
    Story(
        type="product-defective",
        subject="{item} hace un ruido de avión",
        text="Es {item} más silencioso del catálogo, o eso ponía. Cuando arranca, la niña se despierta y el "
        "perro se esconde. He grabado un vídeo con el móvil.",
        items=("el frigorífico", "el aspirador", "el lavavajillas"),
        channels=("web", "phone", "email"),
        question="¿Puede mirar si todavía lleva las dos barras rojas de transporte en la parte de atrás?",
        reply="Una sí. No sabía que había que quitarla, no lo dice en ningún sitio.",
        answer="Ese era el ruido: la barra de transporte. Una vez quitada debería quedar en silencio. El "
        "manual solo lo decía en la última página; hemos puesto una etiqueta roja en la puerta.",
        summary="Barra de transporte sin retirar por un manual poco claro. Etiqueta añadida al producto.",
        cause="product-design",
        outcome="partly_upheld",
    ),
)

BOOK = Book(
    greeting="Hola, {first}:",
    mail_domain="correo.example",
    phone="+34 600 000 {0:03d}",
    stories=STORIES,
    people=people(
        "Ana Lucía Ortega|Ana Lucía|ana.ortega",
        "Javier Montero",
        "Carmen Ibáñez|Carmen|carmen.ibanez",
        "Pablo Serrano",
        "Lucía Benítez|Lucía|lucia.benitez",
        "Andrés Villalba|Andrés|andres.villalba",
        "Marta Quintana",
        "Diego Arroyo",
        "Rosario Peña|Rosario|rosario.pena",
        "Íñigo Larrea|Íñigo|inigo.larrea",
        "Teresa Campos",
        "Rubén Casado|Rubén|ruben.casado",
        "Pilar Escudero",
        "Óscar Redondo|Óscar|oscar.redondo",
        "Nuria Bosch",
        "Hugo Santamaría|Hugo|hugo.santamaria",
    ),
    acknowledgements=(
        "He leído su reclamación y me encargo de ella. Mañana por la tarde tendrá noticias mías, aunque solo "
        "sea para decirle que sigo esperando respuesta.",
        "Gracias por explicarlo con tanto detalle. Hoy mismo pregunto al almacén y le cuento lo que me digan.",
        "Lamento que haya pasado por esto. Antes de prometerle nada quiero saber qué ocurrió; le escribo en "
        "cuanto lo sepa.",
    ),
    progress=(
        "Seguimos con su caso: el taller ya ha contestado y el transportista, todavía no. Mañana a primera "
        "hora vuelvo a llamar.",
        "No me he olvidado. Contabilidad necesita un día más para localizar el pago; usted no tiene que hacer nada.",
    ),
    chasers=(
        "¿Se sabe algo? Me dijeron que el miércoles.",
        "Sigo sin noticias y el fin de semana empieza en dos horas.",
    ),
    thanks=(
        "Muchas gracias, al final ha sido rápido.",
        "Ya me ha llegado el dinero. Gracias por la ayuda.",
        "Me parece justo, gracias.",
    ),
    reopened=(
        "Ha vuelto a pasar exactamente lo mismo. Por favor, ábranlo otra vez.",
        "El reembolso que me prometieron sigue sin aparecer en mi cuenta.",
    ),
    withdrawn=("Lo tenía el portero. Perdonen las molestias.", "Ya ha aparecido, pueden olvidar mi reclamación."),
    waiting_for="Fotos o números que debe enviar el cliente",
    sorted_anew="Por lo que cuenta está claro de qué se trata",
    handed_on="Conoce mejor al transportista y hoy está en la oficina",
    notes=(
        "He llamado dos veces y no contesta. Lo intento después de comer.",
        "Tercer caso del mes con el mismo transportista; lo llevo a la reunión del jueves.",
        "Muy amable por teléfono. Quiere sobre todo que le digan qué está pasando.",
    ),
)
