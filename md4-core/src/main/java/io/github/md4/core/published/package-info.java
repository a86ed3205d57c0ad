// SPDX-License-Identifier: Apache-2.0
/** Masked diffusion models as others publish them: folders of safetensors with a config.json. */
package io.github.md4.core.published;
