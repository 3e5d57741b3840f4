import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ask, type Body } from "../app/api.ts";

export function usePeople() {
  return useQuery({ queryKey: ["people"], queryFn: ({ signal }) => ask("people", { signal }) });
}

export function useAddPerson() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: Body<"addPerson">) => ask("addPerson", { body }),
    onSettled: () => queries.invalidateQueries({ queryKey: ["people"] }),
  });
}

export function useChangePerson(id: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: Body<"changePerson">) => ask("changePerson", { params: { id }, body }),
    onSettled: () => queries.invalidateQueries({ queryKey: ["people"] }),
  });
}

export function useDisable(name: "disablePerson" | "enablePerson") {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => ask(name, { params: { id } }),
    onSettled: () => queries.invalidateQueries({ queryKey: ["people"] }),
  });
}

export function useMailLink(id: string) {
  return useMutation({ mutationFn: (email: string) => ask("newLink", { params: { id }, body: { email } }) });
}

export function useNewLink() {
  return useMutation({
    async mutationFn(id: string) {
      const { link, ...made } = await ask("newLink", { params: { id } });
      if (link === null) throw new Error("a link that was not mailed is in the answer");
      return { ...made, link };
    },
  });
}

export function useAddWard() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: Body<"addWard">) => ask("addWard", { body }),
    onSettled: () => queries.invalidateQueries({ queryKey: ["wards"] }),
  });
}
