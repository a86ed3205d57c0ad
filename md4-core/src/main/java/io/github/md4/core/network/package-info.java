// SPDX-License-Identifier: Apache-2.0
/** The interfaces of a network: its config, parameters, training pass and frozen forward pass. */
package io.github.md4.core.network;
