import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Card, Empty, Failed, Loading } from "../app/pages.tsx";

/** What came of a question that somebody asked: nothing yet, or one of the four that can come. */
export function Answer<T>(props: {
  readonly label: string;
  readonly isAsked: boolean;
  readonly query: UseQueryResult<T>;
  readonly isEmpty: (found: T) => boolean;
  readonly empty: string;
  readonly children: (found: T) => ReactNode;
}) {
  const { label, isAsked, query, isEmpty, empty, children } = props;
  if (!isAsked) return null;
  return (
    <Card label={label}>
      {query.isPending ? (
        <Loading what={`Loading: ${label}`} />
      ) : query.isError ? (
        <Failed error={query.error} retry={() => query.refetch()} />
      ) : isEmpty(query.data) ? (
        <Empty title={empty} />
      ) : (
        children(query.data)
      )}
    </Card>
  );
}
