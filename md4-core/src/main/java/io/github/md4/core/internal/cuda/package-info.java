// SPDX-License-Identifier: Apache-2.0
/** The CUDA driver, compiler and memory of a GPU, without PyTorch's tensors; no part of the API. */
package io.github.md4.core.internal.cuda;
