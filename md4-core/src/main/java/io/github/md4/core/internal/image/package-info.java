// SPDX-License-Identifier: Apache-2.0
/**
 * The TorchScript and CUDA kernels of the image networks, and their hand-written backward; not part
 * of the API.
 */
package io.github.md4.core.internal.image;
