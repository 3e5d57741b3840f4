/** What the owners of codes want to be said where these are shown. */
export const LOINC_NOTICE =
  "This material contains content from LOINC (http://loinc.org). LOINC is copyright Regenstrief Institute, Inc. and the Logical Observation Identifiers Names and Codes (LOINC) Committee and is available at no cost under the license at http://loinc.org/license. LOINC is a registered United States trademark of Regenstrief Institute, Inc.";
export const UCUM_NOTICE =
  "The UCUM codes, UCUM table (regardless of format), and UCUM Specification are copyright 1999-2009, Regenstrief Institute, Inc. and the Unified Codes for Units of Measures (UCUM) Organization. All rights reserved. https://ucum.org/license";
export const MDC_NOTICE =
  "Reference identifiers and codes of ISO/IEEE 11073-10101, as facts with the sources that docs/signals.md names; the standard is copyright IEEE.";
