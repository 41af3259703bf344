"""Who plays: about forty people around an agency, its three clients, and two accounts beside them."""

import base64
import hashlib
from dataclasses import dataclass

from accounts.models import Person

PASSWORD = "every cup tells a story 26"  # noqa: S105  # the demo's, printed for whoever runs it; refused elsewhere

AGENCY, NORTHWIND, LUMEN, HALO, STUDIO, STILLS = (
    "brightside.example",
    "northwind.example",
    "lumenbikes.example",
    "halo-skincare.example",
    "pellegrini.example",
    "kettle-stills.example",
)
BROWSERS = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
)


@dataclass(frozen=True)
class Character:
    """One person of the demo. `who` is what the list of sign-ins says; without it, the person is not on the list."""

    key: str
    name: str
    domain: str
    time_zone: str
    who: str = ""
    factor: str = ""  # when the second factor was set up, as the story writes times
    staff: bool = False

    @property
    def address(self) -> str:
        """The e-mail address: the key at the domain."""
        return f"{self.key}@{self.domain}"

    @property
    def factor_secret(self) -> str:
        """The key of the time code, the same on every machine; only the demo may know one."""
        return base64.b32encode(hashlib.sha256(f"demo {self.key}".encode()).digest()[:20]).decode()

    @property
    def number(self) -> int:
        """A small number of this person, the same on every run: for addresses, browsers and habits."""
        return list(CAST).index(self.key)


CAST = {
    character.key: character
    for character in (
        # The agency
        Character(
            "mara",
            "Mara Lindqvist",
            AGENCY,
            "Europe/Stockholm",
            who="owner of Brightside Agency, with a second factor",
            factor="118d 08:20",
        ),
        Character(
            "tom",
            "Tom Becker",
            AGENCY,
            "Europe/Berlin",
            who="administrator of the agency and of a client: can end a person's access in both in one act",
            factor="116d 08:40",
        ),
        Character(
            "ines",
            "Ines Duarte",
            AGENCY,
            "Europe/Lisbon",
            who="agency person: editor in three clients; her agency asks for a second factor, which she lacks",
        ),
        Character("jonas", "Jonas Weber", AGENCY, "Europe/Berlin", factor="60d 09:30"),
        Character("priya", "Priya Raman", AGENCY, "Asia/Kolkata", factor="80d 05:10"),
        Character("leo", "Leo Marchetti", AGENCY, "Europe/Rome"),
        Character("carla", "Carla Nilsson", AGENCY, "Europe/Stockholm", factor="51d 10:15"),
        Character("sam", "Sam Okoro", AGENCY, "Africa/Lagos"),
        Character("yuki", "Yuki Tanaka", AGENCY, "Asia/Tokyo", factor="39d 01:30"),
        # Northwind Coffee
        Character("nadia", "Nadia Holm", NORTHWIND, "Europe/Copenhagen", who="owner of Northwind Coffee"),
        Character("henrik", "Henrik Holm", NORTHWIND, "Europe/Copenhagen"),
        Character("anna", "Anna Kowalska", NORTHWIND, "Europe/Warsaw", who="administrator of Northwind Coffee"),
        Character("eddie", "Eddie Clarke", NORTHWIND, "Europe/London", who="editor of Northwind Coffee"),
        Character("ruth", "Ruth Adler", NORTHWIND, "Europe/Vienna", who="auditor of Northwind Coffee"),
        Character(
            "milo",
            "Milo Petrov",
            NORTHWIND,
            "Europe/Sofia",
            who="member of Northwind Coffee, with grants on two assets only",
        ),
        Character("fiona", "Fiona Byrne", NORTHWIND, "Europe/Dublin", who="finance person of Northwind Coffee"),
        Character("bruno", "Bruno Costa", NORTHWIND, "America/Sao_Paulo", who="suspended in Northwind Coffee"),
        Character("grace", "Grace Liu", NORTHWIND, "Asia/Singapore"),
        Character("oscar", "Oscar Nyman", NORTHWIND, "Europe/Helsinki"),
        Character("dana", "Dana Whitfield", NORTHWIND, "America/New_York", factor="70d 14:05"),
        Character("kofi", "Kofi Mensah", NORTHWIND, "Africa/Accra"),
        Character("elif", "Elif Demir", NORTHWIND, "Europe/Istanbul", factor="2d 09:20"),
        # Lumen Bikes
        Character("lars", "Lars van Dijk", LUMEN, "Europe/Amsterdam", factor="96d 12:10"),
        Character("petra", "Petra Novak", LUMEN, "Europe/Prague", factor="90d 10:00"),
        Character("hugo", "Hugo Lefèvre", LUMEN, "Europe/Paris"),
        Character("mina", "Mina Farouk", LUMEN, "Africa/Cairo"),
        Character("ivan", "Ivan Horvat", LUMEN, "Europe/Zagreb"),
        Character("sofie", "Sofie Jansen", LUMEN, "Europe/Brussels", factor="40d 09:00"),
        Character("ben", "Ben Carter", LUMEN, "Europe/London"),
        Character("noor", "Noor El-Sayed", LUMEN, "Africa/Cairo"),
        Character("viktor", "Viktor Dahl", LUMEN, "Europe/Oslo"),
        # Halo Skincare
        Character("amelie", "Amélie Rousseau", HALO, "Europe/Paris", factor="88d 09:05"),
        Character("chen", "Chen Wei", HALO, "Asia/Shanghai", factor="85d 03:20"),
        Character("lucia", "Lucía Fernández", HALO, "Europe/Madrid"),
        Character("omar", "Omar Haddad", HALO, "Asia/Dubai"),
        Character("tess", "Tess McKenna", HALO, "Europe/Dublin"),
        Character("paul", "Paul Schmidt", HALO, "Europe/Zurich"),
        Character("rosa", "Rosa Bianchi", HALO, "Europe/Rome", factor="44d 08:30"),
        Character("gabriel", "Gabriel Stone", HALO, "America/Toronto"),
        # Beside them
        Character(
            "giulia",
            "Giulia Pellegrini",
            STUDIO,
            "Europe/Rome",
            who="owner of a standard account; somebody who is gone knows its password",
        ),
        Character("wanda", "Wanda Fields", "fieldwork.example", "Europe/London", who="in no account yet; invited"),
        Character(
            "stefan",
            "Stefan Roth",
            "accessportal.example",
            "Europe/Berlin",
            who="platform staff, with a second factor: the staff area at /staff/",
            factor="117d 07:30",
            staff=True,
        ),
        Character("vera", "Vera Costa", STILLS, "Europe/Lisbon"),
        Character("nils", "Nils Berg", STILLS, "Europe/Stockholm", factor="64d 11:00"),
    )
}


def sign_ins() -> list[str]:
    """Return the demo's sign-ins, `address / password / who` each; only of people that are in the database."""
    listed = [character for character in CAST.values() if character.who]
    there = set(
        Person.objects.filter(email__in=[character.address for character in listed]).values_list("email", flat=True)
    )
    return [
        f"{character.address} / {PASSWORD} / {character.name}, {character.who}{_factor_words(character)}"
        for character in listed
        if character.address in there
    ]


def _factor_words(character: Character) -> str:
    return f" (key for your authenticator app: {character.factor_secret})" if character.factor else ""
