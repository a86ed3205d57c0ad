// SPDX-License-Identifier: Apache-2.0
/** Adapters to DJL's own training: a loss, a data set, blocks as denoisers. */
package io.github.md4.core.djl;
