// SPDX-License-Identifier: Apache-2.0
/** The networks of the image experiments: the UNet, the UViT and the transformer over patches. */
package io.github.md4.core.network.image;
