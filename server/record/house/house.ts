import type { Resource } from "@medplum/fhirtypes";
import type { Condition, SortKey } from "@openward/fhir/store";
import type { RecordContext } from "../context.ts";

/** What a search asks for; a kind may leave out what cannot be found by it, and need not look whether the rest is. */
export interface HouseAsked {
  readonly conditions: readonly Condition[];
  readonly sort: readonly SortKey[];
  /** Place in that order behind which the page begins. */
  readonly after: readonly (string | number)[] | undefined;
  readonly limit: number;
}

/** Resources of one type that the house makes of what it knows. */
export interface HouseKind {
  readonly documentation: string;
  /**
   * At least those that the search finds on its page, of what may be told to who asks.
   *
   * @throws RefusedInput SEARCH_TOO_COSTLY, NOT_PERMITTED
   */
  list(context: RecordContext, asked: HouseAsked): Promise<readonly Resource[]>;
  /** By what else one is found than by what R4 says. */
  termsOf?(resource: Resource): readonly string[];
  /** Does `list` give no more than a page of them, so that it has to be asked again where some are not told? */
  isPaged?(asked: Pick<HouseAsked, "conditions" | "sort" | "after">): boolean;
  /** The order without `_sort`; by id where left out. */
  readonly sort?: readonly SortKey[];
}
