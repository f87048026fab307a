/** Shakespeare and the King James Bible are in the public domain; the compounds were written for this page. */
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
};

export const firstText = examples['To be, or not to be'];
