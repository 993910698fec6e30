/** What the processes of the service share: connections, heartbeats, and the port of health and metrics. */
@NullMarked
package dev.quern.process;

import org.jspecify.annotations.NullMarked;
