package dev.quern.control.publish;

import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;

/** Puts what makes results into Spring. */
@Configuration(proxyBeanMethods = false)
@Import({Outputs.class, Publisher.class, Approvals.class})
class PublishConfiguration {}
