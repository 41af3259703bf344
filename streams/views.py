"""Pages of this floor: the streams of an account, one of them with what it delivered, and each act on it."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables
from django.views.generic import TemplateView

from accounts import authority
from accounts.permissions import MANAGE_SECURITY, VIEW_AUDIT
from accounts.views import AccountFormView, AccountView, chips_of, for_this_reader_alone, page_of
from audit.models import Event

from . import actions
from .forms import DELIVERY_STATES, STREAM_STATES, AddStreamForm, DeliveryFilterForm, StreamFilterForm, StreamForm
from .models import Delivery, Stream
from .policies import FORMER_SECRET_FOR, KEPT_FOR, MOST_STREAMS, STOPPED_AFTER


class StreamList(AccountView, TemplateView):
    """Where the log is sent on to, and how that goes."""

    permission = VIEW_AUDIT
    template_name = "streams/streams.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Filter, count for the chips, and page."""
        form = StreamFilterForm(self.request.GET)
        wanted = form.wanted()
        everything = Stream.objects.filter(account=self.account)
        found = everything.matching(wanted["q"])
        counts = found.state_counts()
        rows = found.in_state(wanted["state"]).with_standing()
        return super().get_context_data(
            form=form,
            page_obj=page_of(rows, self.request, count=counts[wanted["state"] or "all"]),
            chips=chips_of(self.request, STREAM_STATES, {**counts, "": counts["all"]}, wanted["state"]),
            any_at_all=bool(wanted["q"]) or counts["all"] > 0,
            may_change=self.me.has_perm(MANAGE_SECURITY, self.account),
            most=MOST_STREAMS,
            **kwargs,
        )


class StreamView(AccountView):
    """A page about one stream of the account."""

    abstract = True
    permission = VIEW_AUDIT
    stream: Stream

    def load(self) -> None:
        """Find the stream."""
        rows = Stream.objects.filter(account=self.account).with_standing()
        self.stream = get_object_or_404(rows, pk=self.kwargs["pk"])
        self.stream.account = self.account

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the stream."""
        return super().get_context_data(stream=self.stream, **kwargs)


class StreamPage(StreamView, TemplateView):
    """One stream: how it stands, and all that it delivered."""

    template_name = "streams/stream.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Filter and page the deliveries."""
        form = DeliveryFilterForm(self.request.GET)
        wanted = form.wanted()
        found = self.stream.deliveries.matching(wanted["q"])
        counts = found.state_counts()
        rows = found.in_state(wanted["state"]).order_by("-pk")
        return super().get_context_data(
            form=form,
            page_obj=page_of(rows, self.request, count=counts[wanted["state"] or "all"]),
            chips=chips_of(self.request, DELIVERY_STATES, {**counts, "": counts["all"]}, wanted["state"]),
            filtered=bool(wanted["q"] or wanted["state"]),
            may_change=self.me.has_perm(MANAGE_SECURITY, self.account),
            waiting_since=self._waiting_since(),
            kept_days=KEPT_FOR.days,
            stopped_days=STOPPED_AFTER.days,
            **kwargs,
        )

    def _waiting_since(self) -> Any:
        """Return when the oldest event happened that was not delivered yet; None where there is none."""
        log = Event.objects.in_chain_of(self.account).filter(number__gt=self.stream.cursor)
        return log.order_by("number").values_list("at", flat=True).first() if self.stream.behind else None


class DeliveryPage(StreamView, TemplateView):
    """One delivery: what it holds, how often it was tried, and what came of it."""

    template_name = "streams/delivery.html"
    delivery: Delivery

    def load(self) -> None:
        """Find the delivery among those of the stream."""
        super().load()
        self.delivery = get_object_or_404(self.stream.deliveries, pk=self.kwargs["delivery_id"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the events of it: a page never holds more than one batch."""
        delivery = self.delivery
        log = Event.objects.in_chain_of(self.account).filter(number__range=(delivery.first, delivery.last))
        return super().get_context_data(
            delivery=delivery,
            events=list(log.order_by("number")) if not delivery.is_test else [],
            may_change=self.me.has_perm(MANAGE_SECURITY, self.account),
            **kwargs,
        )


class AddStream(AccountFormView):
    """Let the log be sent on to one more log system."""

    permission = MANAGE_SECURITY
    form_class = AddStreamForm
    template_name = "streams/add_stream.html"

    def load(self) -> None:
        """Show the form to who could read what leaves."""
        authority.require(self.me, VIEW_AUDIT, on=self.account)

    def form_valid(self, form: AddStreamForm) -> HttpResponse:
        """Add it, and go on to its page."""
        stream = actions.add_stream(account=self.account, by=self.me, **form.given())
        words = _("%(stream)s is set up. Now make the secret that signs what is sent.")
        if not stream.is_webhook:
            words = _("%(stream)s is set up. Send a test, to see that it arrives.")
        return self.done(words % {"stream": stream}, to=page_of_stream(stream))


class StreamFormView(StreamView, AccountFormView):
    """One act on a stream."""

    abstract = True
    permission = MANAGE_SECURITY

    def load(self) -> None:
        """Find the stream, for who could read what leaves."""
        authority.require(self.me, VIEW_AUDIT, on=self.account)
        super().load()

    def back(self, message: str) -> HttpResponse:
        """Go back to the stream's page."""
        return self.done(message % {"stream": self.stream}, to=page_of_stream(self.stream))


class ChangeStream(StreamFormView):
    """Change where and in which form the log is sent on."""

    form_class = StreamForm
    template_name = "streams/change_stream.html"

    def get_form_kwargs(self) -> dict[str, Any]:
        """Read the address as the kind of this stream does."""
        return {**super().get_form_kwargs(), "kind": self.stream.kind}

    def get_initial(self) -> dict[str, Any]:
        """Fill in what holds."""
        return {name: getattr(self.stream, name) for name in ("label", "address", "form", "authority")}

    def form_valid(self, form: StreamForm) -> HttpResponse:
        """Change it."""
        actions.change_stream(stream=self.stream, by=self.me, **form.given())
        return self.back(_("It is saved."))


@method_decorator(sensitive_variables("secret"), name="form_valid")
class MakeSecret(StreamFormView):
    """Make the secret that signs a webhook; it stands in the answer to that, and nowhere else."""

    template_name = "streams/secret.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Say for how long the former one goes on."""
        hours = int(FORMER_SECRET_FOR.total_seconds() // 3600)
        return super().get_context_data(overlap_hours=hours, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        """Make it, and show it this once."""
        secret = actions.make_secret(stream=self.stream, by=self.me)
        return for_this_reader_alone(self.render_to_response(self.get_context_data(form=form, secret=secret)))


class PauseStream(StreamFormView):
    """Pause sending: it shows what that means, then asks."""

    template_name = "streams/pause_stream.html"

    def form_valid(self, form: Any) -> HttpResponse:
        """Pause it."""
        actions.pause_stream(stream=self.stream, by=self.me)
        return self.back(_("%(stream)s is paused. What happens meanwhile is sent when you resume it."))


class RemoveStream(StreamFormView):
    """End a stream for good: it shows what that means, then asks."""

    template_name = "streams/remove_stream.html"

    def form_valid(self, form: Any) -> HttpResponse:
        """Remove it."""
        actions.remove_stream(stream=self.stream, by=self.me)
        words = _("The log is not sent on to %(stream)s any more.")
        return self.done(words % {"stream": self.stream}, to=reverse("streams", args=[self.account.slug]))


class ResumeStream(StreamFormView):
    """Go on sending."""

    template_name = "streams/resume_stream.html"

    def form_valid(self, form: Any) -> HttpResponse:
        """Resume it."""
        actions.resume_stream(stream=self.stream, by=self.me)
        return self.back(_("%(stream)s goes on, with the first event that was not sent."))


class SendTest(StreamFormView):
    """Send a test."""

    template_name = "streams/test_stream.html"

    def form_valid(self, form: Any) -> HttpResponse:
        """Let it go out; the list of deliveries tells how it went."""
        actions.test_stream(stream=self.stream, by=self.me)
        return self.back(_("A test is on its way. In a moment you see below how it went."))


class DecideOnBatch(StreamFormView):
    """Decide what becomes of a batch that was put aside: it shows what that means, then asks."""

    abstract = True
    delivery: Delivery

    def load(self) -> None:
        """Find the batch; one on which somebody has decided already is told so by the action."""
        super().load()
        self.delivery = get_object_or_404(self.stream.deliveries, pk=self.kwargs["delivery_id"])
        self.delivery.stream = self.stream

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the batch."""
        return super().get_context_data(delivery=self.delivery, **kwargs)


class SendAgain(DecideOnBatch):
    """Let a batch be tried once more."""

    template_name = "streams/send_again.html"

    def form_valid(self, form: Any) -> HttpResponse:
        """Let it go out."""
        actions.send_again(delivery=self.delivery, by=self.me)
        return self.back(_("It is sent again. In a moment you see below how it went."))


class DropBatch(DecideOnBatch):
    """Give a batch up."""

    template_name = "streams/drop_batch.html"

    def form_valid(self, form: Any) -> HttpResponse:
        """Drop it."""
        actions.drop_batch(delivery=self.delivery, by=self.me)
        return self.back(_("It is dropped. The events stay in the log here."))


def page_of_stream(stream: Stream) -> str:
    """Return the path of a stream's page."""
    return reverse("stream", args=[stream.account.slug, stream.pk])
