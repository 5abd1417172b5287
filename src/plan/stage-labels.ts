// SPDX-License-Identifier: Apache-2.0
// The labels that say which stage an image was, and what it began with: Buildah's, so that they are looked for by one name.

export const stageNameLabel = "io.buildah.stage.name";
export const stageBaseLabel = "io.buildah.stage.base";
