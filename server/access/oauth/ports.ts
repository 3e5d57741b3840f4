import type { PatientRelation, PatientView, Person, Principal } from "@openward/model";
import type { Clock, Ids, Random, Timers } from "@openward/runtime";
import type { Access, Tables } from "../ports.ts";

/** Encrypts small things under a key of the key store. */
export interface Vault {
  seal(name: string, plain: Uint8Array): { readonly keyId: number; readonly sealed: Uint8Array };
  /** @throws RefusedInput where the key store is another, or a bit is not as it was */
  open(name: string, keyId: number, sealed: Uint8Array): Uint8Array;
  /** The same text for the same name, as long as the key store is the same. */
  derive(name: string): string;
}

/** Names for the page on which a person chooses and agrees. */
export interface PatientNames {
  list(
    organisationId: string,
    options: { all: boolean; q?: string },
  ): Promise<readonly { readonly patient: PatientName }[]>;
  find(organisationId: string, patientId: string): Promise<{ readonly patient: PatientName } | undefined>;
}

export interface PatientName {
  readonly id: string;
  readonly name: string;
  readonly birthDate: string | null;
  readonly mrn: string;
}

/** Which resource of /fhir a person is, is told by their role, and of whom they are beside a patient by that. */
export interface PeopleOfApps {
  find(personId: string): Promise<Person | undefined>;
}
export interface RelationsOfApps {
  /** Newest first, ended ones too; of a merged record it names the one that is kept. */
  ofPerson(organisationId: string, personId: string): Promise<{ readonly relations: readonly PatientRelation[] }>;
}

export interface OAuthDeps {
  readonly tables: Tables;
  readonly access: Pick<Access, "authenticate"> & { viewOf(principal: Principal): Promise<PatientView> };
  readonly patients: PatientNames;
  readonly people: PeopleOfApps;
  readonly relations: RelationsOfApps;
  readonly vault: Vault;
  readonly runtime: { readonly clock: Clock; readonly timers: Timers; readonly random: Random; readonly ids: Ids };
  /** Asks an address that came from outside. */
  readonly fetchOutside: (address: string | URL, init?: RequestInit) => Promise<Response>;
  /** The address that people use, without a slash at the end: "https://ward.example". Asked with each request. */
  readonly issuer: () => string;
  readonly log: {
    warn(facts: object, text: string): void;
    error(facts: object, text: string): void;
  };
}

/** How an application proves that it is the one that was registered. */
export const CLIENT_KINDS = ["public", "secret", "key", "backend"] as const;
export type ClientKind = (typeof CLIENT_KINDS)[number];

export interface Client {
  readonly id: string;
  readonly organisationId: string;
  readonly name: string;
  readonly kind: ClientKind;
  readonly redirectUris: readonly string[];
  readonly launchUri: string | null;
  readonly scope: string;
  readonly jwks: { readonly keys: readonly object[] } | null;
  readonly jwksUri: string | null;
  readonly mayIntrospect: boolean;
  readonly createdAt: number;
  readonly disabledAt: number | null;
}

export interface NewClient {
  readonly name: string;
  readonly kind: ClientKind;
  readonly scope: string;
  readonly redirectUris?: readonly string[];
  readonly launchUri?: string;
  readonly jwks?: unknown;
  readonly jwksUri?: string;
  readonly mayIntrospect?: boolean;
}

/** An application as the person knows it for whom it acts. */
export interface OwnApplication {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly since: number;
  /** When it last got a token, of those that are kept. */
  readonly lastTokenAt: number | null;
  readonly expiresAt: number;
}

/** Applications that an administrator registered. */
export interface Clients {
  list(organisationId: string): Promise<Client[]>;
  /** When each got its newest token, of those that are kept: swept ones are not known any more. */
  lastTokens(organisationId: string): Promise<ReadonlyMap<string, number>>;
  /** `secret` once, of kind "secret". @throws RefusedInput FIELD_INVALID, SCOPE_INVALID */
  add(organisationId: string, client: NewClient, by: string): Promise<{ client: Client; secret?: string }>;
  /** Those that act for the person, with what was allowed them. */
  ofPerson(organisationId: string, personId: string): Promise<readonly OwnApplication[]>;
  /** Whatever the person allowed this one ends, tokens included; one that has nothing is none. */
  endForPerson(organisationId: string, personId: string, clientId: string): Promise<void>;
  /** Ends it and every token that it has. @throws RefusedInput NOT_FOUND */
  disable(organisationId: string, clientId: string, by: string): Promise<void>;
  /** A new secret, or new keys; the old ones are worth nothing any more. @throws RefusedInput NOT_FOUND, FIELD_INVALID */
  rotate(
    organisationId: string,
    clientId: string,
    keys: { readonly jwks?: unknown; readonly jwksUri?: string },
    by: string,
  ): Promise<{ secret?: string }>;
}
