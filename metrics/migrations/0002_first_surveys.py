"""The surveys a new installation starts with, in five languages (managers change the words in the browser)."""

from django.db import migrations
from django.utils import timezone

NPS = {
    "en": {
        "question": "How likely are you to recommend us to a friend?",
        "low": "not at all",
        "high": "certainly",
        "prompt_low": "What should we have done differently?",
        "prompt_middle": "What would have made it better?",
        "prompt_high": "What went well?",
        "thanks": "The people who handled your complaint will read your answer.",
    },
    "es": {
        "question": "¿Qué probabilidad hay de que nos recomiende a un amigo o familiar?",
        "low": "nada probable",
        "high": "muy probable",
        "prompt_low": "¿Qué deberíamos haber hecho de otra manera?",
        "prompt_middle": "¿Qué habría mejorado su experiencia?",
        "prompt_high": "¿Qué hicimos bien?",
        "thanks": "Leerán su respuesta las personas que atendieron su reclamación.",
    },
    "pt": {
        "question": "Qual é a probabilidade de você nos recomendar a um amigo ou familiar?",
        "low": "nada provável",
        "high": "muito provável",
        "prompt_low": "O que deveríamos ter feito de outra forma?",
        "prompt_middle": "O que poderia ter sido melhor?",
        "prompt_high": "O que deu certo?",
        "thanks": "Quem cuidou da sua reclamação vai ler sua resposta.",
    },
    "it": {
        "question": "Quanto è probabile che lei ci consigli a un amico o a un familiare?",
        "low": "per niente probabile",
        "high": "molto probabile",
        "prompt_low": "Che cosa avremmo dovuto fare diversamente?",
        "prompt_middle": "Che cosa avrebbe reso migliore la sua esperienza?",
        "prompt_high": "Che cosa ha funzionato bene?",
        "thanks": "Le persone che hanno seguito il suo reclamo leggeranno la sua risposta.",
    },
    "ru": {
        "question": "Насколько вероятно, что вы порекомендуете нас друзьям или близким?",
        "low": "точно не порекомендую",
        "high": "обязательно порекомендую",
        "prompt_low": "Что нам следовало сделать иначе?",
        "prompt_middle": "Чего не хватило до высшей оценки?",
        "prompt_high": "Что вам понравилось?",
        "thanks": "Ваш ответ прочитают сотрудники, которые занимались обращением.",
    },
}
CSAT = {
    "en": {
        "question": "Did we meet or exceed what you expected?",
        "low": "far below",
        "high": "far above",
        "prompt_low": "What did you expect that we did not do?",
        "prompt_middle": "What would have made it better?",
        "prompt_high": "What went well?",
        "thanks": NPS["en"]["thanks"],
    },
    "es": {
        "question": "¿Cumplimos o superamos lo que usted esperaba?",
        "low": "muy por debajo",
        "high": "muy por encima",
        "prompt_low": "¿Qué esperaba que no hicimos?",
        "prompt_middle": NPS["es"]["prompt_middle"],
        "prompt_high": NPS["es"]["prompt_high"],
        "thanks": NPS["es"]["thanks"],
    },
    "pt": {
        "question": "Nós atendemos ou superamos o que você esperava?",
        "low": "muito abaixo",
        "high": "muito acima",
        "prompt_low": "O que você esperava e não fizemos?",
        "prompt_middle": NPS["pt"]["prompt_middle"],
        "prompt_high": NPS["pt"]["prompt_high"],
        "thanks": NPS["pt"]["thanks"],
    },
    "it": {
        "question": "Abbiamo soddisfatto o superato le sue aspettative?",
        "low": "molto al di sotto",
        "high": "molto al di sopra",
        "prompt_low": "Che cosa si aspettava che non abbiamo fatto?",
        "prompt_middle": NPS["it"]["prompt_middle"],
        "prompt_high": NPS["it"]["prompt_high"],
        "thanks": NPS["it"]["thanks"],
    },
    "ru": {
        "question": "Оправдали мы ваши ожидания или превзошли их?",
        "low": "намного хуже, чем хотелось",
        "high": "намного лучше ожиданий",
        "prompt_low": "Чего вы ждали, а мы не сделали?",
        "prompt_middle": NPS["ru"]["prompt_middle"],
        "prompt_high": NPS["ru"]["prompt_high"],
        "thanks": NPS["ru"]["thanks"],
    },
}


def make(apps, schema_editor):
    """Recommendation is asked from now on; satisfaction waits until somebody switches it on."""
    apps.get_model("metrics", "SurveySettings").objects.get_or_create(pk=1)
    survey, version = apps.get_model("metrics", "Survey"), apps.get_model("metrics", "SurveyVersion")
    at = timezone.now()
    for code, name, kind, active, texts in (
        ("nps", "Recommendation after a complaint", "nps", True, NPS),
        ("csat", "Satisfaction after a complaint", "csat", False, CSAT),
    ):
        made = survey.objects.create(code=code, name=name, kind=kind, is_active=active)
        version.objects.create(survey=made, number=1, texts=texts, published_at=at)


def unmake(apps, schema_editor):
    """Back to no survey; refused by the database where somebody was asked already."""
    first = apps.get_model("metrics", "Survey").objects.filter(code__in=("nps", "csat"))
    apps.get_model("metrics", "SurveyVersion").objects.filter(survey__in=first).delete()
    first.delete()
    apps.get_model("metrics", "SurveySettings").objects.filter(pk=1).delete()


class Migration(migrations.Migration):
    dependencies = [("metrics", "0001_surveys")]

    operations = [migrations.RunPython(make, unmake)]
