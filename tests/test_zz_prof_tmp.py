import cProfile, pstats, time, io
import pytest
from django.test import Client
from tests.cast import *
from core.actions.tokens import issue_token
from core.clock import now
from complaints.models import RoutingRule
@pytest.mark.django_db
def test_p():
    m=make_manager(); team=make_team()
    for _ in range(6): make_agent(team)
    RoutingRule.objects.create(position=1, team=team); ensure_default_owner(); cached.clear_all()
    _,plain=issue_token("bench",user=m,scopes=["all"],by=Actor.system("b"),at=now())
    c=Client(headers={"authorization":f"Bearer {plain}","host":"127.0.0.1"})
    def go(n):
        r=c.post("/api/v1/complaints/",{"channel":"web","subject":"x","description":"A. B. C.","customer":{"name":f"D {n}","email":f"d{n}@mail.example"},"order_number":str(n)},content_type="application/json")
        assert r.status_code==201
    for n in range(30): go(n)
    t=time.process_time()
    for n in range(100,400): go(n)
    print("CPU ms", (time.process_time()-t)/.3)
    p=cProfile.Profile(); p.enable()
    for n in range(1000,1300): go(n)
    p.disable(); s=io.StringIO(); pstats.Stats(p,stream=s).sort_stats("cumtime").print_stats(85); print(s.getvalue())
