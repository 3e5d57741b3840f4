/** Ids of Observations whose readings are being brought in line with them: what is said of those now comes from themselves. */
export const settling = new Set<string>();
