// SPDX-License-Identifier: Apache-2.0
/** What joins this library to DJL's own training: a loss, a data set, blocks as denoisers. */
package io.github.md4.core.djl;
