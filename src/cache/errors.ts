// SPDX-License-Identifier: Apache-2.0
export const cacheErrorCodes = {
  CACHE_DOCUMENT: "What was imported as a cache is none, or is damaged.",
  CACHE_OPTION: "--cache-from or --cache-to has an attribute that is unknown, missing or wrong.",
  CACHE_SERVICE:
    "The cache service of GitHub Actions cannot be reached, refused a request, or lost an entry.",
  CACHE_TYPE: "There is no cache of this type.",
} as const;
