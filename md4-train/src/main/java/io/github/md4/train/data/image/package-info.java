// SPDX-License-Identifier: Apache-2.0
/** Images as files of tokens, with labels beside them. */
package io.github.md4.train.data.image;
