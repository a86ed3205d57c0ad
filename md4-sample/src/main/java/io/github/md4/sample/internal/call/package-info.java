// SPDX-License-Identifier: Apache-2.0
/** Calls of the network for the sequences that want one now; not part of the API. */
package io.github.md4.sample.internal.call;
