/** Writes docs/security/authorisation.md anew: npm run authorisation. */
import { writeFileSync } from "node:fs";
import { authorisationPage, PAGE } from "./document.ts";

writeFileSync(PAGE, authorisationPage());
