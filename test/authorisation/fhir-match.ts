import { type Known, marksIn, toldBeyond } from "./marks.ts";
import type { Subject, World } from "./world.ts";

/** Who looks a patient up by everything that is known of them: found by who sees them, and otherwise as if there were nobody. */
export async function matchAbout(
  { server, known }: World,
  subject: Subject,
  target: Known,
  mayAsk: boolean,
  found: (what: string) => void,
): Promise<void> {
  const resource = {
    resourceType: "Patient",
    identifier: [{ value: target.mrn }],
    name: [{ family: target.marks.get("name")?.[0] ?? "", given: [target.marks.get("name")?.[1] ?? ""] }],
    birthDate: target.marks.get("birth")?.[0] ?? "",
  };
  const path = "/fhir/Patient/$match";
  const { status, headers, bytes } = await server.ask({
    method: "POST",
    path,
    headers: subject.headers,
    body: resource,
  });
  if (!mayAsk) {
    if (status !== 401 && status !== 403) found(`${status} in place of a refusal`);
  } else if (status !== 200) found(`${status} in place of 200: ${bytes.toString("utf8").slice(0, 200)}`);
  const sees = mayAsk && subject.sees.has(target.key);
  if (sees && !bytes.includes(target.id)) found("is not found");
  for (const one of Object.values(known)) {
    const marks = marksIn({ status, headers, bytes }, one, JSON.stringify(resource));
    for (const mark of toldBeyond(marks, sees && one === target ? [...one.marks.keys()] : []))
      if (!(mayAsk && subject.sees.has(one.key))) found(`told the ${mark} of "${one.key}" (${status})`);
  }
}
