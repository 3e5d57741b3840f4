import { Alert } from "@mantine/core";
import type { PatientBody } from "@openward/api";
import { IconPencil } from "@tabler/icons-react";
import { count } from "../../parts/format.ts";
import { useAmendments } from "../use-chart.ts";
import { amendmentText, touches } from "./amendment-text.ts";

const SHOWN = 3;

/** Above a chart: what of the span that it shows somebody has amended, who and why. */
export function AmendedNotice({
  patient,
  from,
  to,
}: {
  readonly patient: PatientBody;
  readonly from: number;
  readonly to: number;
}) {
  const found = (useAmendments(patient.id).data ?? []).filter((each) => touches(each, from, to));
  if (found.length === 0) return null;
  return (
    <Alert
      color="gray"
      variant="outline"
      icon={<IconPencil size={20} aria-hidden />}
      title={`${count(found.length, "amendment")} in this span`}
      mb="sm"
      role="note"
    >
      {found.slice(0, SHOWN).map((each) => (
        <div key={each.id}>
          {amendmentText(each, patient.timeZone)}, by {each.by}: “{each.reason}”
        </div>
      ))}
      {found.length > SHOWN && <div>The others stand under the tab Readings.</div>}
    </Alert>
  );
}
