// SPDX-License-Identifier: Apache-2.0
/** Counter-based randomness: every uniform is a pure function of what it is for. */
package io.github.md4.core.noise;
