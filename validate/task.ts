/** One measure of one task. */
export interface Row {
  readonly measure: string;
  /** As it is to be read: "99.81 %". */
  readonly ours: string;
  /** 95 %, by record or subject; null where there is nothing to draw from. */
  readonly interval: readonly [string, string] | null;
  readonly target: string | null;
  readonly isReached: boolean | null;
}

export interface TaskResult {
  readonly rows: readonly Row[];
  /** What was scored, what was left out and why, and what the errors were. */
  readonly notes: readonly string[];
  /** Column heads, and a line for each record. */
  readonly records: { readonly head: readonly string[]; readonly lines: readonly (readonly string[])[] };
}

export interface Task {
  readonly id: string;
  readonly title: string;
  /** Folders below DIR, of which it needs all. */
  readonly needs: readonly string[];
  /** Beginning of the task's name in DIR/reference-results. */
  readonly published: string | null;
  run(dir: string): Promise<TaskResult>;
}
