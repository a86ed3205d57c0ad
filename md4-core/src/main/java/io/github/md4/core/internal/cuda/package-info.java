// SPDX-License-Identifier: Apache-2.0
/** The CUDA driver, the CUDA compiler, and arrays from the host; not part of the API. */
package io.github.md4.core.internal.cuda;
