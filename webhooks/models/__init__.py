"""What arrived: events, the keys that keep each to one, refused deliveries, and what people decide about
them.
"""

from webhooks.models.arrived import Arrived, ArrivedQuerySet
from webhooks.models.choices import Cause, Hydration, Mark, Origin, State
from webhooks.models.completions import Completion
from webhooks.models.events import Dedupe, Event, EventQuerySet
from webhooks.models.policies import Policy, SavedView, Silence
from webhooks.models.rejections import Rejection
from webhooks.models.remarks import Remark

__all__ = [
    "Arrived",
    "ArrivedQuerySet",
    "Cause",
    "Completion",
    "Dedupe",
    "Event",
    "EventQuerySet",
    "Hydration",
    "Mark",
    "Origin",
    "Policy",
    "Rejection",
    "Remark",
    "SavedView",
    "Silence",
    "State",
]
