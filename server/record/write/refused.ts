import type { OperationOutcome } from "@medplum/fhirtypes";
import { issueOf } from "../outcome.ts";

/** Every fault of a transaction, each with its place. */
export class TransactionRefused extends Error {
  readonly outcome: OperationOutcome;
  constructor(faults: readonly OperationOutcome[]) {
    super("a transaction was refused");
    const issue = faults.flatMap((one) => one.issue).slice(0, 100);
    if (faults.length > issue.length)
      issue.push(issueOf("BODY_TOO_LARGE", { at: "Bundle.entry", expected: "fewer faults to be told of" }, "warning"));
    this.outcome = { resourceType: "OperationOutcome", issue };
  }
}
