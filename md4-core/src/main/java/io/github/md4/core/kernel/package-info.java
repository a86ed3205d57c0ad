// SPDX-License-Identifier: Apache-2.0
/** What NDArray lacks, written as TorchScript; bfloat16 never leaves this package. */
package io.github.md4.core.kernel;
