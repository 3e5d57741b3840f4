import type { Amendment, AmendmentDraft, AmendmentRecord, PatientView } from "@openward/model";

/** What people say later of what was measured. */
export interface Amendments {
  ofPatient(view: PatientView, patientId: string): readonly AmendmentRecord[];
  make(
    view: PatientView,
    draft: AmendmentDraft,
    author: { readonly id: string; readonly display: string },
  ): Promise<Amendment>;
}
