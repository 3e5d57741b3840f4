import { z } from "zod";

/** Why somebody does for another what only a right allows: a request, a law, a case number. It stays in the audit log. */
export const reason = z.string().trim().min(3).max(500);

/** An archive with everything about one patient. */
export const archive = z.file();
export const exportRequest = z.object({ reason });
