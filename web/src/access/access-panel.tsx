import type { PatientBody } from "@openward/api";
import { useMay } from "../app/hooks.ts";
import { Empty } from "../app/pages.tsx";
import { WhoLooked } from "./who-looked.tsx";
import { WhoMaySee } from "./who-may-see.tsx";

/** The tab of a patient's page about who may see and who has looked. */
export default function AccessPanel({ patient }: { readonly patient: PatientBody }) {
  if (!useMay("clinical")) return <Empty title="Only those who take care of patients see who may see them" />;
  return (
    <>
      <WhoMaySee patient={patient} />
      <h2 style={{ margin: "1.4rem 0 0.5rem", fontSize: "1.1rem" }}>Who looked</h2>
      <WhoLooked patientId={patient.id} zone={patient.timeZone} isOwn={false} />
    </>
  );
}
