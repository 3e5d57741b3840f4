import type { CalendarAddress, NewCalendarAddress, NewTask, PatientView, Principal, Task } from "@openward/model";

export interface Calendars {
  tasks(asker: Principal, patientIds: readonly string[]): Promise<readonly Task[]>;
  addTask(task: NewTask): Promise<Task>;
  endTask(asker: Principal, patientId: string, taskId: string): Promise<void>;
  /** Times of a task, and which of them were done. */
  dueOf(
    view: PatientView,
    task: Task,
    from: number,
    to: number,
  ): Promise<readonly { readonly at: number; readonly to: number; readonly doneAt: number | null }[]>;
  addresses(organisationId: string, patientId: string): Promise<readonly CalendarAddress[]>;
  addAddress(address: NewCalendarAddress): Promise<{ readonly address: CalendarAddress; readonly token: string }>;
  endAddress(
    organisationId: string,
    address: { readonly id: string; readonly patientId: string },
    by: string,
  ): Promise<void>;
}
