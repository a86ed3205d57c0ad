// SPDX-License-Identifier: Apache-2.0
/** TorchScript and what is built on it for any network; no part of the API. */
package io.github.md4.core.internal.torch;
