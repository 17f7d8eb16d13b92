from django.http import HttpResponse


def dashboard_csv(asked):
    return HttpResponse("x")


def figure_csv(asked, figure):
    return HttpResponse("x")


def rows_csv(asked, figure, part):
    return HttpResponse("x")
