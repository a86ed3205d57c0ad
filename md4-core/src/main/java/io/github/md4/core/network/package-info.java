// SPDX-License-Identifier: Apache-2.0
/** The seams of a network: its shape, parameters, training pass and frozen forward. */
package io.github.md4.core.network;
