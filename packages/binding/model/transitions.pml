/* Written by scripts/binding-model.ts out of packages/binding/src/transitions.ts. Do not edit. */

#define IDLE 0
#define ISSUED 1
#define SEEN 2
#define PROVEN 3
#define BOUND 4
#define DECLINED 5
#define EXPIRED 6
#define BLOCKED 7

#define EV_REQUEST 0
#define EV_SMS 1
#define EV_LEFT 2
#define EV_PROOF 3
#define EV_CONFIRM 4
#define EV_TICK 5
#define EV_OTP_SENT 6
#define EV_SUPERSEDED 7

#define on_attestation ((guards_on >> 0) & 1)
#define on_second_factor ((guards_on >> 1) & 1)
#define on_revocation_list ((guards_on >> 2) & 1)
#define on_swap_date ((guards_on >> 3) & 1)
#define on_number_match ((guards_on >> 4) & 1)
#define on_token_limit ((guards_on >> 5) & 1)
#define on_trusted_link ((guards_on >> 6) & 1)
#define on_assigned_vmn ((guards_on >> 7) & 1)
#define on_one_number ((guards_on >> 8) & 1)
#define on_one_sms ((guards_on >> 9) & 1)
#define on_deadline ((guards_on >> 10) & 1)
#define on_fence ((guards_on >> 11) & 1)
#define on_session ((guards_on >> 12) & 1)
#define on_delivery_report ((guards_on >> 13) & 1)
#define on_otp_read ((guards_on >> 14) & 1)
#define on_possession ((guards_on >> 15) & 1)
#define on_own_key ((guards_on >> 16) & 1)
#define on_one_binding ((guards_on >> 17) & 1)

inline step_idle_request() {
  if :: (on_token_limit && when_device_blocked) -> next = BLOCKED; refused = true /* B09 binding.device-blocked */ :: else ->
  if :: (on_token_limit && when_token_limit) -> next = BLOCKED; refused = true /* B09 binding.device-blocked */ :: else ->
  if :: (on_attestation && when_not_attested) -> next = DECLINED; refused = true /* binding.not-attested */ :: else ->
  if :: (on_second_factor && when_single_factor) -> next = DECLINED; refused = true /* B22 binding.single-factor */ :: else ->
  if :: (on_second_factor && when_factor_replayed) -> next = DECLINED; refused = true /* B22 binding.factor-replayed */ :: else ->
  if :: (when_profile_limit) -> next = DECLINED; refused = true /* B16 binding.profile-limit */ :: else ->
  if :: (when_busy) -> next = DECLINED; refused = true /* B20 binding.busy */ :: else ->
  if :: (when_sim_missing) -> next = DECLINED; refused = true /* B01 binding.sim-missing */ :: else ->
  if :: (when_airplane_mode) -> next = DECLINED; refused = true /* B02 binding.airplane-mode */ :: else ->
  if :: (when_wrong_path) -> next = DECLINED; refused = true /* B03 binding.wrong-path */ :: else ->
  if :: (when_app_outdated) -> next = DECLINED; refused = true /* B10 binding.app-outdated */ :: else ->
  if :: (when_system_outdated) -> next = DECLINED; refused = true /* B24 binding.system-outdated */ :: else ->
  if :: (on_number_match && when_not_registered) -> next = DECLINED; refused = true /* B25 binding.number-mismatch */ :: else ->
  if :: (on_revocation_list && when_number_revoked) -> next = DECLINED; refused = true /* B17 binding.number-revoked */ :: else ->
  if :: (when_number_risk) -> next = DECLINED; refused = true /* B18 binding.number-risk */ :: else ->
  if :: (on_swap_date && when_sim_swapped) -> next = DECLINED; refused = true /* B23 binding.sim-changed */ :: else ->
  if :: (when_slot_mismatch) -> next = DECLINED; refused = true /* B26 binding.carrier-mismatch */ :: else ->
  next = ISSUED; refused = false
  fi fi fi fi fi fi fi fi fi fi fi fi fi fi fi fi fi
}

inline step_issued_sms() {
  if :: (on_fence && when_fence_changed) -> next = EXPIRED; refused = true /* B11 binding.failover */ :: else ->
  if :: (on_deadline && when_late) -> next = EXPIRED; refused = true /* B11 binding.expired */ :: else ->
  if :: (on_trusted_link && when_untrusted_link) -> next = ISSUED; refused = true /* binding.link-untrusted */ :: else ->
  if :: (on_assigned_vmn && when_wrong_vmn) -> next = DECLINED; refused = true /* B14 binding.wrong-vmn */ :: else ->
  if :: (on_number_match && when_number_differs) -> next = DECLINED; refused = true /* B25 binding.number-mismatch */ :: else ->
  if :: (when_carrier_differs) -> next = DECLINED; refused = true /* B26 binding.carrier-mismatch */ :: else ->
  if :: (when_suffices) -> next = PROVEN; refused = false :: else ->
  next = SEEN; refused = false
  fi fi fi fi fi fi fi
}

inline step_seen_sms() {
  if :: (when_redelivery) -> next = SEEN; refused = false :: else ->
  if :: (on_trusted_link && when_untrusted_link) -> next = SEEN; refused = true /* binding.link-untrusted */ :: else ->
  if :: (on_one_number && when_other_number) -> next = DECLINED; refused = true /* B06 binding.two-numbers */ :: else ->
  if :: (when_other_number) -> next = SEEN; refused = true /* B12 binding.token-used */ :: else ->
  if :: (on_one_sms) -> next = DECLINED; refused = true /* B07 binding.second-sms */ :: else ->
  next = SEEN; refused = true /* B12 binding.token-used */
  fi fi fi fi fi
}

inline step_proven_sms() {
  if :: (when_redelivery) -> next = PROVEN; refused = false :: else ->
  if :: (on_trusted_link && when_untrusted_link) -> next = PROVEN; refused = true /* binding.link-untrusted */ :: else ->
  if :: (on_one_number && when_other_number) -> next = DECLINED; refused = true /* B06 binding.two-numbers */ :: else ->
  if :: (when_other_number) -> next = PROVEN; refused = true /* B12 binding.token-used */ :: else ->
  if :: (on_one_sms) -> next = DECLINED; refused = true /* B07 binding.second-sms */ :: else ->
  next = PROVEN; refused = true /* B12 binding.token-used */
  fi fi fi fi fi
}

inline step_bound_sms() {
  if :: (when_redelivery) -> next = BOUND; refused = false :: else ->
  if :: (on_trusted_link && when_untrusted_link) -> next = BOUND; refused = true /* binding.link-untrusted */ :: else ->
  if :: (on_one_number && when_other_number) -> next = DECLINED; refused = true /* B06 binding.two-numbers */ :: else ->
  if :: (when_other_number) -> next = BOUND; refused = true /* B12 binding.token-used */ :: else ->
  if :: (on_one_sms) -> next = DECLINED; refused = true /* B07 binding.second-sms */ :: else ->
  next = BOUND; refused = true /* B12 binding.token-used */
  fi fi fi fi fi
}

inline step_issued_left() {
  if :: (on_own_key && when_foreign_key) -> next = ISSUED; refused = true /* binding.foreign-device */ :: else ->
  if :: (when_left_notice) -> next = ISSUED; refused = false :: else ->
  if :: (on_session && when_left_composer) -> next = DECLINED; refused = true /* B05 binding.composer-slow */ :: else ->
  if :: (on_session && when_left_airplane) -> next = DECLINED; refused = true /* B02 binding.airplane-mode */ :: else ->
  if :: (on_session && when_left_sim) -> next = DECLINED; refused = true /* B01 binding.sim-missing */ :: else ->
  if :: (on_session) -> next = DECLINED; refused = true /* B04 binding.session-left */ :: else ->
  next = ISSUED; refused = false
  fi fi fi fi fi fi
}

inline step_seen_left() {
  if :: (on_own_key && when_foreign_key) -> next = SEEN; refused = true /* binding.foreign-device */ :: else ->
  if :: (when_left_notice) -> next = SEEN; refused = false :: else ->
  if :: (on_session && when_left_composer) -> next = DECLINED; refused = true /* B05 binding.composer-slow */ :: else ->
  if :: (on_session && when_left_airplane) -> next = DECLINED; refused = true /* B02 binding.airplane-mode */ :: else ->
  if :: (on_session && when_left_sim) -> next = DECLINED; refused = true /* B01 binding.sim-missing */ :: else ->
  if :: (on_session) -> next = DECLINED; refused = true /* B04 binding.session-left */ :: else ->
  next = SEEN; refused = false
  fi fi fi fi fi fi
}

inline step_proven_left() {
  if :: (on_own_key && when_foreign_key) -> next = PROVEN; refused = true /* binding.foreign-device */ :: else ->
  if :: (when_left_notice) -> next = PROVEN; refused = false :: else ->
  if :: (on_session && when_left_composer) -> next = DECLINED; refused = true /* B05 binding.composer-slow */ :: else ->
  if :: (on_session && when_left_airplane) -> next = DECLINED; refused = true /* B02 binding.airplane-mode */ :: else ->
  if :: (on_session && when_left_sim) -> next = DECLINED; refused = true /* B01 binding.sim-missing */ :: else ->
  if :: (on_session) -> next = DECLINED; refused = true /* B04 binding.session-left */ :: else ->
  next = PROVEN; refused = false
  fi fi fi fi fi fi
}

inline step_issued_proof() {
  if :: (on_fence && when_fence_changed) -> next = EXPIRED; refused = true /* B11 binding.failover */ :: else ->
  if :: (on_deadline && when_late) -> next = EXPIRED; refused = true /* B11 binding.expired */ :: else ->
  if :: (on_own_key && when_foreign_key) -> next = ISSUED; refused = true /* binding.foreign-device */ :: else ->
  if :: (on_attestation && when_unbelieved_proof) -> next = ISSUED; refused = true /* binding.not-attested */ :: else ->
  if :: (when_slot_differs) -> next = DECLINED; refused = true /* B26 binding.carrier-mismatch */ :: else ->
  if :: (when_sent_absent) -> next = ISSUED; refused = true /* B15 binding.unproven */ :: else ->
  if :: (on_delivery_report && when_undelivered) -> next = ISSUED; refused = true /* B15 binding.unproven */ :: else ->
  if :: (when_otp_unasked) -> next = ISSUED; refused = true /* binding.wrong-state */ :: else ->
  if :: (when_otp_tries_over) -> next = DECLINED; refused = true /* B15 binding.no-possession */ :: else ->
  if :: (when_otp_wrong) -> next = ISSUED; refused = true /* B15 binding.unproven */ :: else ->
  if :: (when_otp_unreadable) -> next = DECLINED; refused = true /* B15 binding.no-possession */ :: else ->
  if :: (on_otp_read && when_otp_typed) -> next = ISSUED; refused = true /* B15 binding.unproven */ :: else ->
  if :: (when_suffices) -> next = PROVEN; refused = false :: else ->
  next = ISSUED; refused = false
  fi fi fi fi fi fi fi fi fi fi fi fi fi
}

inline step_seen_proof() {
  if :: (on_fence && when_fence_changed) -> next = EXPIRED; refused = true /* B11 binding.failover */ :: else ->
  if :: (on_deadline && when_late) -> next = EXPIRED; refused = true /* B11 binding.expired */ :: else ->
  if :: (on_own_key && when_foreign_key) -> next = SEEN; refused = true /* binding.foreign-device */ :: else ->
  if :: (on_attestation && when_unbelieved_proof) -> next = SEEN; refused = true /* binding.not-attested */ :: else ->
  if :: (when_slot_differs) -> next = DECLINED; refused = true /* B26 binding.carrier-mismatch */ :: else ->
  if :: (when_sent_absent) -> next = SEEN; refused = true /* B15 binding.unproven */ :: else ->
  if :: (on_delivery_report && when_undelivered) -> next = SEEN; refused = true /* B15 binding.unproven */ :: else ->
  if :: (when_otp_unasked) -> next = SEEN; refused = true /* binding.wrong-state */ :: else ->
  if :: (when_otp_tries_over) -> next = DECLINED; refused = true /* B15 binding.no-possession */ :: else ->
  if :: (when_otp_wrong) -> next = SEEN; refused = true /* B15 binding.unproven */ :: else ->
  if :: (when_otp_unreadable) -> next = DECLINED; refused = true /* B15 binding.no-possession */ :: else ->
  if :: (on_otp_read && when_otp_typed) -> next = SEEN; refused = true /* B15 binding.unproven */ :: else ->
  if :: (when_suffices) -> next = PROVEN; refused = false :: else ->
  next = SEEN; refused = false
  fi fi fi fi fi fi fi fi fi fi fi fi fi
}

inline step_proven_proof() {
  if :: (on_fence && when_fence_changed) -> next = EXPIRED; refused = true /* B11 binding.failover */ :: else ->
  if :: (on_deadline && when_late) -> next = EXPIRED; refused = true /* B11 binding.expired */ :: else ->
  if :: (on_own_key && when_foreign_key) -> next = PROVEN; refused = true /* binding.foreign-device */ :: else ->
  if :: (on_attestation && when_unbelieved_proof) -> next = PROVEN; refused = true /* binding.not-attested */ :: else ->
  if :: (when_slot_differs) -> next = DECLINED; refused = true /* B26 binding.carrier-mismatch */ :: else ->
  if :: (when_sent_absent) -> next = PROVEN; refused = true /* B15 binding.unproven */ :: else ->
  if :: (on_delivery_report && when_undelivered) -> next = PROVEN; refused = true /* B15 binding.unproven */ :: else ->
  if :: (when_otp_unasked) -> next = PROVEN; refused = true /* binding.wrong-state */ :: else ->
  if :: (when_otp_tries_over) -> next = DECLINED; refused = true /* B15 binding.no-possession */ :: else ->
  if :: (when_otp_wrong) -> next = PROVEN; refused = true /* B15 binding.unproven */ :: else ->
  if :: (when_otp_unreadable) -> next = DECLINED; refused = true /* B15 binding.no-possession */ :: else ->
  if :: (on_otp_read && when_otp_typed) -> next = PROVEN; refused = true /* B15 binding.unproven */ :: else ->
  next = PROVEN; refused = false
  fi fi fi fi fi fi fi fi fi fi fi fi
}

inline step_issued_confirm() {
  next = ISSUED; refused = true /* B15 binding.unproven */
  
}

inline step_seen_confirm() {
  if :: (on_fence && when_fence_changed) -> next = EXPIRED; refused = true /* B11 binding.failover */ :: else ->
  if :: (on_deadline && when_late) -> next = EXPIRED; refused = true /* B11 binding.expired */ :: else ->
  if :: (on_own_key && when_foreign_key) -> next = SEEN; refused = true /* binding.foreign-device */ :: else ->
  if :: (on_possession) -> next = SEEN; refused = true /* B15 binding.unproven */ :: else ->
  if :: (on_one_binding && when_bound_elsewhere) -> next = DECLINED; refused = true /* B20 binding.already-bound */ :: else ->
  next = BOUND; refused = false
  fi fi fi fi fi
}

inline step_proven_confirm() {
  if :: (on_fence && when_fence_changed) -> next = EXPIRED; refused = true /* B11 binding.failover */ :: else ->
  if :: (on_deadline && when_late) -> next = EXPIRED; refused = true /* B11 binding.expired */ :: else ->
  if :: (on_own_key && when_foreign_key) -> next = PROVEN; refused = true /* binding.foreign-device */ :: else ->
  if :: (on_one_binding && when_bound_elsewhere) -> next = DECLINED; refused = true /* B20 binding.already-bound */ :: else ->
  next = BOUND; refused = false
  fi fi fi fi
}

inline step_issued_tick() {
  if :: (on_fence && when_fence_changed) -> next = EXPIRED; refused = true /* B11 binding.failover */ :: else ->
  if :: (on_deadline && when_late) -> next = EXPIRED; refused = true /* B11 binding.expired */ :: else ->
  next = ISSUED; refused = false
  fi fi
}

inline step_seen_tick() {
  if :: (on_fence && when_fence_changed) -> next = EXPIRED; refused = true /* B11 binding.failover */ :: else ->
  if :: (on_deadline && when_late) -> next = EXPIRED; refused = true /* B11 binding.expired */ :: else ->
  next = SEEN; refused = false
  fi fi
}

inline step_proven_tick() {
  if :: (on_fence && when_fence_changed) -> next = EXPIRED; refused = true /* B11 binding.failover */ :: else ->
  if :: (on_deadline && when_late) -> next = EXPIRED; refused = true /* B11 binding.expired */ :: else ->
  next = PROVEN; refused = false
  fi fi
}

inline step_seen_otp_sent() {
  if :: (on_fence && when_fence_changed) -> next = EXPIRED; refused = true /* B11 binding.failover */ :: else ->
  if :: (on_deadline && when_late) -> next = EXPIRED; refused = true /* B11 binding.expired */ :: else ->
  next = SEEN; refused = false
  fi fi
}

inline step_issued_superseded() {
  next = DECLINED; refused = true /* B12 binding.token-used */
  
}

inline step_seen_superseded() {
  next = DECLINED; refused = true /* B12 binding.token-used */
  
}

inline step_proven_superseded() {
  next = DECLINED; refused = true /* B12 binding.token-used */
  
}

inline step() {
  if
  :: (st[i] == IDLE && event == EV_REQUEST) -> step_idle_request()
  :: (st[i] == ISSUED && event == EV_SMS) -> step_issued_sms()
  :: (st[i] == SEEN && event == EV_SMS) -> step_seen_sms()
  :: (st[i] == PROVEN && event == EV_SMS) -> step_proven_sms()
  :: (st[i] == BOUND && event == EV_SMS) -> step_bound_sms()
  :: (st[i] == ISSUED && event == EV_LEFT) -> step_issued_left()
  :: (st[i] == SEEN && event == EV_LEFT) -> step_seen_left()
  :: (st[i] == PROVEN && event == EV_LEFT) -> step_proven_left()
  :: (st[i] == ISSUED && event == EV_PROOF) -> step_issued_proof()
  :: (st[i] == SEEN && event == EV_PROOF) -> step_seen_proof()
  :: (st[i] == PROVEN && event == EV_PROOF) -> step_proven_proof()
  :: (st[i] == ISSUED && event == EV_CONFIRM) -> step_issued_confirm()
  :: (st[i] == SEEN && event == EV_CONFIRM) -> step_seen_confirm()
  :: (st[i] == PROVEN && event == EV_CONFIRM) -> step_proven_confirm()
  :: (st[i] == ISSUED && event == EV_TICK) -> step_issued_tick()
  :: (st[i] == SEEN && event == EV_TICK) -> step_seen_tick()
  :: (st[i] == PROVEN && event == EV_TICK) -> step_proven_tick()
  :: (st[i] == SEEN && event == EV_OTP_SENT) -> step_seen_otp_sent()
  :: (st[i] == ISSUED && event == EV_SUPERSEDED) -> step_issued_superseded()
  :: (st[i] == SEEN && event == EV_SUPERSEDED) -> step_seen_superseded()
  :: (st[i] == PROVEN && event == EV_SUPERSEDED) -> step_proven_superseded()
  :: else -> next = st[i]; refused = true
  fi
}
