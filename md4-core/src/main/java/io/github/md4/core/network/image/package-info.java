// SPDX-License-Identifier: Apache-2.0
/** The UNet, the UViT and the transformer over patches of the image experiments. */
package io.github.md4.core.network.image;
