// SPDX-License-Identifier: Apache-2.0
/** The kernels of the transformer; bfloat16 never leaves them; not part of the API. */
package io.github.md4.core.internal.transformer;
