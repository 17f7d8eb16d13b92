"""The headline figures, in the order of the contract (interface, Metrics). See `metrics.figures.base`."""

from metrics.figures.amends import PromisesKept, RemediesGranted
from metrics.figures.base import Figure, Group, Measure, Scope
from metrics.figures.compliance import SlaCompliance
from metrics.figures.contacts import FirstContactResolution, ReopenRate
from metrics.figures.loyalty import ChurnRate, RetentionRate
from metrics.figures.opinions import Ces, Csat, Nps, ResponseRate
from metrics.figures.overrun import LateReasons, SlaOverrun
from metrics.figures.recovery import ServiceRecovery
from metrics.figures.service import (
    AcceptanceRate,
    BacklogAge,
    EscalationRate,
    FirstResponseTime,
    Received,
    RepeatComplaints,
    ResolutionRate,
    TimeToResolve,
)
from metrics.figures.spending import AverageOrderValue, CustomerLifetimeValue, RepeatPurchaseRate
from metrics.figures.words import WordForWord

figures: dict[str, Figure] = {
    figure.code: figure
    for figure in (
        Received(),
        ResolutionRate(),
        AcceptanceRate(),
        SlaCompliance(),
        FirstResponseTime(),
        TimeToResolve(),
        FirstContactResolution(),
        EscalationRate(),
        ReopenRate(),
        PromisesKept(),
        RepeatComplaints(),
        BacklogAge(),
        Nps(),
        Csat(),
        Ces(),
        ResponseRate(),
        RetentionRate(),
        ChurnRate(),
        RepeatPurchaseRate(),
        AverageOrderValue(),
        CustomerLifetimeValue(),
        ServiceRecovery(),
        RemediesGranted(),
        SlaOverrun(),
        LateReasons(),
        WordForWord(),
    )
}

__all__ = ["Figure", "Group", "Measure", "Scope", "figures"]
