"""The components, the style sheet and the scripts keep what they promise."""

import gzip
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import allauth
import pytest
from django import forms
from django.conf import settings
from django.template import Context, Template
from django.template.loader import get_template
from django.test import RequestFactory
from django.utils import timezone

from accounts.templatetags import gallery, ui

STATIC = Path(settings.BASE_DIR) / "static"
TEMPLATES = Path(settings.BASE_DIR) / "templates"
NOW = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)


def drawn(source: str, path: str = "/", **context: object) -> str:
    """The markup that a template makes for a request of that path."""
    request = RequestFactory().get(path)
    return Template(source).render(Context({"request": request, **context}))


def compressed(*paths: Path) -> int:
    return sum(len(gzip.compress(path.read_bytes(), 9)) for path in paths)


def test_style_and_scripts_stay_small():
    assert compressed(*STATIC.glob("css/*.css")) < 20_000
    assert compressed(*STATIC.glob("js/*.js"), *STATIC.glob("js/vendor/*.js")) < 40_000


def test_every_icon_that_is_named_stands_in_the_sprite():
    sprite = set(gallery.icon_names())
    named = {
        name
        for template in TEMPLATES.rglob("*.html")
        for name in re.findall(r'(?:{% icon |icon=)"([a-z0-9-]+)"', template.read_text())
    }

    assert named - sprite == set()


def test_no_page_carries_an_inline_style_or_handler_which_the_policy_would_block():
    mails = {TEMPLATES / "mail", TEMPLATES / "account" / "email", TEMPLATES / "mfa" / "email"}
    pages = [path for path in TEMPLATES.rglob("*.html") if not mails & set(path.parents)]

    guilty = [path.name for path in pages if re.search(r"""<style|\sstyle=|\son[a-z]+=["']""", path.read_text())]

    assert guilty == []


def test_every_page_of_the_sign_in_library_is_drawn_by_a_template_of_ours():
    theirs = Path(allauth.__file__).parent / "templates"
    unreachable = {"phone_change.html", "confirm_phone_verification_code.html", "base_manage_phone.html"}
    frames = {
        "base_manage_email.html",
        "base_manage_password.html",
        "base.html",
        "base_entrance.html",
        "base_manage.html",
    }
    pages = [
        str(path.relative_to(theirs))
        for app in ("account", "mfa", "usersessions", "allauth")
        for path in (theirs / app).rglob("*.html")
        if path.parent.name != "recovery_codes"  # ours are another kind
        and path.name not in unreachable | (frames if app != "allauth" else set())
    ]

    drawn_by_them = [page for page in pages if TEMPLATES not in Path(get_template(page).origin.name).parents]

    assert len(pages) > 50
    assert drawn_by_them == []


def test_every_mail_of_the_sign_in_library_has_a_text_and_an_html_form():
    subjects = [*TEMPLATES.glob("account/email/*_subject.txt"), *TEMPLATES.glob("mfa/email/*_subject.txt")]
    stems = {path.name.removesuffix("_subject.txt"): path.parent for path in subjects}

    assert len(stems) > 15
    assert [stem for stem, folder in stems.items() if not (folder / f"{stem}_message.txt").exists()] == []
    assert [stem for stem, folder in stems.items() if not (folder / f"{stem}_message.html").exists()] == []


@pytest.mark.parametrize(
    ("distance", "words"),
    [
        (timedelta(seconds=3), "just now"),
        (timedelta(minutes=1), "1 minute ago"),
        (timedelta(hours=2), "2 hours ago"),
        (timedelta(hours=23), "yesterday"),
        (timedelta(days=59), "59 days ago"),
        (timedelta(days=94), "3 months ago"),
        (timedelta(days=800), "2 years ago"),
        (-timedelta(seconds=10), "in a moment"),
        (-timedelta(hours=1), "in 1 hour"),
        (-timedelta(days=1), "tomorrow"),
        (-timedelta(days=6), "in 6 days"),
    ],
)
def test_times_are_told_in_the_largest_fitting_unit(distance, words):
    assert ui.relative_words(NOW - distance, NOW) == words


def test_a_time_shows_its_exact_value_in_the_readers_zone_on_hover():
    with timezone.override("Europe/Berlin"):
        markup = drawn("{% when moment %}", moment=NOW)

    assert 'title="24 Nov 2026, 19:00:00 Europe/Berlin"' in markup
    assert 'datetime="2026-11-24T18:00:00+00:00"' in markup


def test_the_pager_keeps_the_filters():
    markup = drawn("{% pager page %}", path="/?q=ivan&page=2", page=gallery.page_of_many())

    assert 'href="?q=ivan&amp;page=3"' in markup
    assert "26–50 of 240" in markup


def test_a_column_that_is_sorted_by_turns_round_at_the_next_click():
    markup = drawn('{% sort_head "Person" "name" %}', path="/?sort=name&page=4")

    assert 'aria-sort="ascending"' in markup
    assert 'href="?sort=-name"' in markup


def test_hostile_words_are_escaped_in_every_component():
    evil = "<script>alert(1)</script>"
    source = """{% page_head title=evil lead=evil badge=evil %}{{ evil }}{% endpage_head %}{% badge evil "ok" title=evil %}
        {% person evil evil note=evil %}{% notice title=evil %}{{ evil }}{% endnotice %}{% empty title=evil text=evil %}{% endempty %}
        {% confirm heading=evil verb=evil effects=list keeps=list lead=evil typed=evil %}{{ evil }}{% endconfirm %}
        {% timeline steps %}{% copy_field value=evil label=evil %}{% stat evil evil %}{% menu evil %}{% menu_item evil %}{% endmenu %}
        {% panel title=evil lead=evil %}{{ evil }}{% endpanel %}{% todo title=evil text=evil %}{% endtodo %}
        {% facts %}{% fact evil %}{{ evil }}{% endfact %}{% endfacts %}{% avatar evil %}{% button evil title=evil %}"""

    markup = drawn(source, evil=evil, list=[evil], steps=[{"title": evil, "text": evil}])

    assert "<script" not in markup
    assert markup.count("&lt;script&gt;") > 20


def test_a_confirmation_is_a_form_that_carries_the_token_of_the_page():
    markup = Template('{% confirm heading="Remove?" verb="Remove" %}{% endconfirm %}').render(
        Context({"csrf_token": "the-token"})
    )

    assert 'method="post"' in markup
    assert 'name="csrfmiddlewaretoken" value="the-token"' in markup


def test_a_wrong_field_is_tied_to_its_help_and_its_error():
    class Form(forms.Form):
        name = forms.CharField(help_text="As people know it.")

    markup = str(Form({}))

    assert 'aria-describedby="id_name_helptext id_name_error"' in markup
    assert 'id="id_name_error"' in markup
    assert 'aria-invalid="true"' in markup


def test_a_browser_is_named_by_what_it_says_and_by_its_system():
    firefox = "Mozilla/5.0 (Macintosh; Intel Mac OS X 14.1; rv:140.0) Gecko/20100101 Firefox/140.0"

    assert ui.browser_name(firefox) == "Firefox on Mac OS X"
    assert ui.browser_name("") == "Unknown browser"


def test_the_gallery_shows_every_component():
    source = (TEMPLATES / "components/gallery.html").read_text() + (TEMPLATES / "base.html").read_text()
    parts = {"field", "field_error", "form", "my_tabs", "my_menu", "account_switch", "shield", "gallery"}
    names = {path.stem for path in (TEMPLATES / "components").glob("*.html")}

    assert {
        name for name in names - parts if not re.search(rf"{{% {name} |components/{name}\.html|{{% {name}s? ", source)
    } == set()
