// SPDX-License-Identifier: Apache-2.0
/** Sequences drawn by the reverse process. */
package io.github.md4.sample;
