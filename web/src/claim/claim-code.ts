const CODE = /^[A-Za-z0-9-]{4,64}$/;

/** The claim code in what a label says: the code alone, or its address with it; undefined: there is none. */
export function claimCodeIn(text: string): string | undefined {
  const said = text.trim();
  const code = said.includes("#") ? said.slice(said.indexOf("#") + 1) : said;
  if (said.includes("#") && !/\/ingest\/claim$/.test(said.slice(0, said.indexOf("#")))) return undefined;
  return CODE.test(code) ? code : undefined;
}
