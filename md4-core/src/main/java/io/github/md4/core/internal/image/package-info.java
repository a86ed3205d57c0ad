// SPDX-License-Identifier: Apache-2.0
/** The kernels of the convolutional networks; bfloat16 never leaves them; no part of the API. */
package io.github.md4.core.internal.image;
