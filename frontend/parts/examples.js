/** Shakespeare and the King James Bible are in the public domain; the rest was written for this page. */
export const examples = {
  'To be, or not to be': `Enter Hamlet.

Ham.
To be, or not to be,--that is the question:--
Whether 'tis nobler in the mind to suffer
The slings and arrows of outrageous fortune
Or to take arms against a sea of troubles,
And by opposing end them?--To die,--to sleep,--
No more; and by a sleep to say we end
The heartache, and the thousand natural shocks
That flesh is heir to,--'tis a consummation
Devoutly to be wish'd. To die,--to sleep;--`,
  'In the beginning': `1:1 In the beginning God created the heaven and the earth.
1:2 And the earth was without form, and void; and darkness was upon the face of the deep. And the Spirit of God moved upon the face of the waters.
1:3 And God said, Let there be light: and there was light.
1:4 And God saw the light, that it was good: and God divided the light from the darkness.`,
  'Compound words': `The overlord underestimated the housekeeper. Notwithstanding the thunderstorm she walked to the riverbank, where a straightforward watchmaker and a shopkeeper, nevertheless bareheaded, were throwing snowballs at the overgrown lighthouse.`,
  'The same line thrice': `The clock struck nine when Margaret came home.
The clock struck nine when Margaret came home.
The clock struck nine when Margaret came home.
The clock struck ten when somebody knocked.`,
  'Names far above, in Python': `"""How long letters take from one town to another."""

import math

KILOMETRES_A_DAY = 240.0


class UnknownTown(LookupError):
    """No town of that name is on the map."""


class Town:
    """A place on the map."""

    def __init__(self, name, east, north):
        self.name = name
        self.east = east
        self.north = north

    def __repr__(self):
        return f"Town({self.name!r})"


def find(towns, name):
    """The town of that name. Raises UnknownTown."""
    for town in towns:
        if town.name == name:
            return town
    raise UnknownTown(name)


def distance(start, end):
    """In kilometres, as the crow flies."""
    return math.hypot(start.east - end.east, start.north - end.north)


def days(towns, sender, receiver):
    """How many days a letter takes."""
    try:
        way = distance(find(towns, sender), find(towns, receiver))
    except UnknownTown:
        return None
    return math.ceil(way / KILOMETRES_A_DAY)
`,
};

export const firstText = examples['To be, or not to be'];
