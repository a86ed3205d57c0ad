// SPDX-License-Identifier: Apache-2.0
/**
 * Images as files of tokens, with labels beside them (docs/images.md). A token is one value of a
 * pixel, in [0, 256); N is height x width x colours, row by row, the colours of a pixel side by
 * side. What holds of nulls and damaged files in {@link io.github.md4.train.data} holds here.
 */
package io.github.md4.train.data.image;
