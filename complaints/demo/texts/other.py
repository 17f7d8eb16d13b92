"""What else arrives at a complaints desk: enquiries, and things nobody complains about."""

# language, subject, text, answer
ENQUIRIES = (
    (
        "en",
        "Do you deliver to the Isles of Scilly?",
        "We are moving in March and would take the kitchen with us. Do you deliver there, and what does it cost?",
        "We do, once a week with the freight boat. For a kitchen it is a fixed 95.00 from Penzance.",
    ),
    (
        "es",
        "¿Hasta qué hora abre la tienda de Madrid?",
        "¿Abren los sábados por la tarde? En la página pone una cosa y en la puerta otra.",
        "Los sábados abrimos hasta las 20:00. El cartel de la puerta es del año pasado y ya está cambiado.",
    ),
    (
        "pt",
        "Há filtros para a jarra antiga?",
        "Tenho a jarra azul, comprada há uns seis anos. Ainda se vendem os filtros para ela?",
        "Ainda se vendem: são os de tampa branca, referência 2209.",
    ),
    (
        "ru",
        "Можно ли забрать заказ в магазине?",
        "Хочу заказать на сайте, а забрать по дороге с работы. Так можно?",
        "Можно: при оформлении выберите «Самовывоз», заказ хранится пять дней.",
    ),
)

# language, subject, text
SPAM = (
    ("en", "Your shop on the first page in 7 days", "Dear owner, we found 41 SEO mistakes on your site. Reply YES."),
    ("en", "RE: RE: invoice overdue final notice", "Open the attached document and confirm your account today."),
    ("ru", "База клиентов вашего города", "Продаём базы телефонов, 120 000 контактов, скидка до пятницы."),
    ("it", "Prestito immediato senza garanzie", "Prestito in 24 ore, nessuna domanda. Scrivi adesso."),
)  # fmt: skip
