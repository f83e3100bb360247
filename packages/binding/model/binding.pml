/*
 * SIM and device binding: two devices, one profile, one server, an SMS network that loses, repeats and reorders, and an attacker with
 * chosen abilities. The transition table is transitions.pml, written out of the TypeScript; here stand the world around it, what its
 * conditions mean in this world, and the properties.
 *
 * Session 0 is the attacker's device, session 1 the customer's. Both ask for the profile of the customer, whose number is V; the attacker's
 * SIM, if he has one of his own, is M. One pan serves every case: guards, abilities and properties come from the environment.
 */
c_decl {
  \#include <stdlib.h>
  \#define SETTING(name, usual) (getenv(name) ? atoi(getenv(name)) : (usual))
}

int guards_on;
int abilities;
int properties;
/* For random trails: stop after so many actions. 0: never. */
byte goal;
byte actions;

/* What the attacker can do. */
#define CAN_SOCIAL   (abilities & 1)     /* the victim sends one text of his */
#define CAN_SEND     (abilities & 2)     /* malware on the victim's phone sends */
#define CAN_READ     (abilities & 4)     /* malware reads the victim's SMS, so tokens and codes */
#define IS_HOOKED    (abilities & 8)     /* his device says whatever he likes; nothing attests it */
#define HAS_KEYBOX   (abilities & 16)    /* a leaked key attests his hooked device */
#define HAS_OWN_SIM  (abilities & 32)    /* number M */
#define HAS_LINK     (abilities & 64)    /* puts SMS with any source on a link that is not listed */
#define HAS_LINE     (abilities & 128)   /* the same on a listed link, but of another VMN */
#define HAS_STATION  (abilities & 256)   /* a false base station: swallows his own SMS and reports them delivered */
#define HOLDS_V      (abilities & 512)   /* V's SIM, or a new one for V, is in his device */
#define IS_SWAPPED   (abilities & 1024)  /* V moved to another SIM lately */
#define IS_RECYCLED  (abilities & 2048)  /* V was given up and is on the list */
#define LACKS_SECRET (abilities & 4096)  /* he does not know the customer's second factor */
#define CAN_SKEW     (abilities & 8192)  /* the clock of a new node is behind */
#define IS_OWNER     (abilities & 16384) /* he is the customer, with a second phone */
#define CAN_PROXY    (abilities & 32768) /* his data goes through the victim's phone */
#define CAN_FARM     (abilities & 65536) /* draws tokens again and again */
#define CAN_RESEND   (abilities & 131072) /* what he reads of the customer's token he sends again, and talks in the customer's name */
#define CAN_LEAVE    (abilities & 262144) /* sessions are left while they run */
#define NV_COUNTS    (abilities & 524288) /* policy: attestation and number verification suffice */

#define P1 (properties & 1)
#define P2 (properties & 2)
#define P3 (properties & 4)
#define P4 (properties & 8)
#define P5 (properties & 16)
#define P6 (properties & 32)
#define P7 (properties & 64)
#define P9 (properties & 128)
#define PB04 (properties & 256)
#define PB07 (properties & 512)

#define broken(name, id) printf("BROKEN %d\n", id); assert(false)

/* Proofs that an attempt holds. */
#define ATTESTED 1
#define SMS_MO 2
#define SENT_ITEM 4
#define OTP_READ 8
#define NUMBER_VERIFIED 16

/* Kinds of proof events. */
#define SENT_DELIVERED 1
#define SENT_ONLY 2
#define OTP_RIGHT 3
#define NV_PROOF 4

/* Classes of SMS that carry a token: where from, over which link, to which VMN, and whether it is a second physical one. */
#define FROM_V 0
#define FROM_V_AGAIN 1
#define FROM_M 2
#define FROM_V_UNLISTED 3
#define FROM_V_WRONG_VMN 4
#define source_of(c) (c == FROM_M -> 2 : 1)

/* Attempts. */
byte st[2];
byte proofs[2];
/* The class of the first SMS that counted, plus one. */
byte first[2];
bool declaredM[2];
bool otpSent[2];
bool replaces[2];
/* The truth of time; `skewed`: the clocks of the deciding node do not show it. */
bool late[2];
bool fenceOld[2];
bool skewed[2];
bool left[2];
/* SMS by session and class: 0 not sent, 1 on its way, 2 arrived, 3 arrived twice. */
byte air[10];
#define travel(s, c) air[(s) * 5 + (c)]
byte binds[2];
byte tokens;
bool asked[2];
/* Numbers that a token arrived from, as bits; physical SMS that arrived with it. */
byte numbers[2];
byte arrivals[2];

/* Registers of the event at hand: no part of the state, for every step sets what it reads. */
hidden byte i;
hidden byte event;
hidden byte class;
hidden byte kind;
hidden byte isRead;
/* 0: the attacker's key, 1: the customer's. */
hidden byte key;
hidden byte next;
hidden byte refused;
hidden byte before;
hidden byte held;

#define other (1 - i)
#define isOpen(s) (st[s] == ISSUED || st[s] == SEEN || st[s] == PROVEN)

/* What the conditions of the table mean here. */
#define when_device_blocked false
#define when_token_limit (i == 0 && tokens >= 3)
#define when_profile_limit false
/* The lock of an attempt ends with its time and with its node. */
#define when_busy (isOpen(other) && !fenceOld[other] && !(late[other] && !skewed[other]))
#define when_not_attested (i == 0 && IS_HOOKED && !HAS_KEYBOX)
#define when_sim_missing false
#define when_airplane_mode false
#define when_wrong_path false
#define when_app_outdated false
#define when_system_outdated false
#define when_single_factor (i == 0 && LACKS_SECRET)
#define when_factor_replayed false
#define when_not_registered declaredM[i]
#define when_number_revoked IS_RECYCLED
#define when_number_risk false
#define when_sim_swapped IS_SWAPPED
#define when_slot_mismatch false
#define when_fence_changed fenceOld[i]
#define when_late (late[i] && !skewed[i])
#define when_untrusted_link (class == FROM_V_UNLISTED)
#define when_wrong_vmn (class == FROM_V_WRONG_VMN)
#define when_number_differs (declaredM[i] -> (class != FROM_M) : (class == FROM_M))
#define when_carrier_differs false
#define when_redelivery (first[i] == class + 1)
#define when_other_number (first[i] != 0 && source_of(class) != source_of(first[i] - 1))
#define when_foreign_key (key != i)
#define when_unbelieved_proof (kind != NV_PROOF && !(proofs[i] & ATTESTED))
#define when_slot_differs false
#define when_sent_absent false
#define when_undelivered (event == EV_PROOF && kind == SENT_ONLY)
#define when_otp_unasked (kind == OTP_RIGHT && !otpSent[i])
#define when_otp_tries_over false
#define when_otp_wrong false
#define when_otp_unreadable false
#define when_otp_typed (kind == OTP_RIGHT && !isRead)
#define when_left_notice false
#define when_left_composer false
#define when_left_airplane false
#define when_left_sim false
#define when_bound_elsewhere (st[other] == BOUND && !replaces[i])
#define enough(p) (((p) & ATTESTED) && \
  ((((p) & SMS_MO) && ((p) & (SENT_ITEM | OTP_READ))) || (NV_COUNTS && ((p) & NUMBER_VERIFIED))))
#define when_suffices enough(held)

#include "transitions.pml"

/* The proofs with that of this event. */
inline addProof() {
  held = proofs[i];
  if
  :: (event == EV_SMS) -> held = held | SMS_MO
  :: (event == EV_PROOF && (kind == SENT_DELIVERED || kind == SENT_ONLY)) -> held = held | SENT_ITEM
  :: (event == EV_PROOF && kind == OTP_RIGHT) -> held = held | OTP_READ
  :: (event == EV_PROOF && kind == NV_PROOF) -> held = held | NUMBER_VERIFIED
  :: else
  fi
}

inline checkBind() {
  if
  :: (next == BOUND && before != BOUND) ->
     binds[i] = binds[i] + 1;
     if :: (P1 && !IS_OWNER && (i == 0 || key == 0)) -> broken("P1", 1) :: else fi;
     if :: (P2 && binds[i] > 1) -> broken("P2", 2) :: else fi;
     if :: (P3 && late[i]) -> broken("P3", 3) :: else fi;
     if :: (PB04 && left[i]) -> broken("B04", 10) :: else fi;
     if :: (P9 && st[other] == BOUND && !replaces[i]) -> broken("P9", 9) :: else fi;
     if :: (st[other] == BOUND) -> st[other] = DECLINED :: else fi
  :: else
  fi
}

inline checkAfter() {
  if :: (P4 && numbers[i] == 3 && next == BOUND) -> broken("P4", 4) :: else fi;
  if :: (PB07 && arrivals[i] > 1 && next == BOUND) -> broken("B07", 11) :: else fi;
  if :: (P5 && tokens > 3) -> broken("P5", 5) :: else fi;
  if :: (P6 && before == ISSUED && next == SEEN && event != EV_SMS) -> broken("P6", 6) :: else fi;
  if :: (P7 && event == EV_SMS && before != ISSUED && when_redelivery && next != before) -> broken("P7", 7) :: else fi
}

/* Takes the event to the table. */
inline happen() {
  before = st[i];
  addProof();
  step();
  checkBind();
  if
  :: (event == EV_SMS && before == ISSUED && !refused) -> first[i] = class + 1; proofs[i] = held
  :: (event == EV_PROOF && !refused) -> proofs[i] = held
  :: (event == EV_OTP_SENT && !refused && next == SEEN) -> otpSent[i] = true
  :: else
  fi;
  checkAfter();
  st[i] = next;
  printf("STATE %d %d\n", st[0], st[1]);
  if
  :: (goal > 0) ->
     actions = actions + 1;
     if :: (actions == goal) -> printf("GOAL\n"); assert(false) :: else fi
  :: else
  fi
}

/* A device asks anew: a new token, so that what travels with the old one names nothing. */
inline ask(s) {
  i = s; event = EV_REQUEST; key = s;
  if :: (s == 0) -> st[0] = IDLE :: else fi;
  proofs[i] = 0; first[i] = 0; otpSent[i] = false; late[i] = false; fenceOld[i] = false; skewed[i] = false;
  left[i] = false; numbers[i] = 0; arrivals[i] = 0; binds[i] = 0; asked[i] = true;
  travel(s, 0) = 0; travel(s, 1) = 0; travel(s, 2) = 0; travel(s, 3) = 0; travel(s, 4) = 0;
  printf("ACT request %d %d %d\n", s, declaredM[s], replaces[s]);
  happen();
  if
  :: (st[i] == ISSUED) ->
     /* Without the guard nobody asks, so what it would have shown is taken as shown. */
     proofs[i] = ATTESTED;
     if :: (s == 0) -> tokens = tokens + 1 :: else fi;
     if :: (P5 && tokens > 3) -> broken("P5", 5) :: else fi
  :: else
  fi
}

inline arrive(s, c) {
  i = s; class = c; event = EV_SMS; key = s;
  printf("ACT sms %d %d %d\n", s, c, travel(s, c));
  if
  :: (travel(s, c) == 1 && c != FROM_V_UNLISTED) ->
     numbers[i] = numbers[i] | source_of(c); arrivals[i] = arrivals[i] + 1
  :: else
  fi;
  travel(s, c) = travel(s, c) + 1;
  happen()
}

inline prove(s, k, what, read) {
  i = s; key = k; kind = what; isRead = read; event = EV_PROOF;
  printf("ACT proof %d %d %d %d\n", s, k, what, read);
  happen()
}

inline say(s, k, what) {
  i = s; key = k; event = what;
  printf("ACT say %d %d %d\n", s, k, what);
  happen()
}

/* The attacker's app may say what it likes. */
#define forges (IS_HOOKED)
/* His own SMS left his device and was delivered, in truth or by a false report. */
#define ownDelivered (travel(0, FROM_M) >= 2 || (HOLDS_V && travel(0, FROM_V) >= 2) || HAS_STATION)

init {
  c_code {
    now.guards_on = SETTING("GUARDS", 262143);
    now.abilities = SETTING("ABILITIES", 0);
    now.properties = SETTING("PROPERTIES", 1023);
    now.goal = SETTING("GOAL", 0);
  };
end:
  do
  /* Requests. */
  :: !asked[1] && !HOLDS_V -> d_step { replaces[1] = false; ask(1) }
  :: !asked[0] -> d_step { declaredM[0] = false; replaces[0] = true; ask(0) }
  :: !asked[0] -> d_step { declaredM[0] = false; replaces[0] = false; ask(0) }
  :: !asked[0] && HAS_OWN_SIM -> d_step { declaredM[0] = true; replaces[0] = true; ask(0) }
  :: asked[0] && CAN_FARM && tokens < 4 && !isOpen(0) -> d_step { ask(0) }

  /* SMS are sent: the customer's own, the attacker's own, forwarded, by malware, forged. */
  :: isOpen(1) && travel(1, FROM_V) == 0 -> travel(1, FROM_V) = 1
  :: isOpen(0) && travel(0, FROM_M) == 0 && HAS_OWN_SIM && !HAS_STATION -> travel(0, FROM_M) = 1
  :: isOpen(0) && travel(0, FROM_V) == 0 && (HOLDS_V || CAN_SEND || CAN_SOCIAL || IS_OWNER) -> travel(0, FROM_V) = 1
  :: isOpen(0) && travel(0, FROM_V_AGAIN) == 0 && CAN_SEND -> travel(0, FROM_V_AGAIN) = 1
  :: isOpen(0) && travel(0, FROM_V_UNLISTED) == 0 && HAS_LINK -> travel(0, FROM_V_UNLISTED) = 1
  :: isOpen(0) && travel(0, FROM_V_WRONG_VMN) == 0 && HAS_LINE -> travel(0, FROM_V_WRONG_VMN) = 1
  :: st[1] != IDLE && CAN_RESEND && travel(1, FROM_M) == 0 && asked[1] -> travel(1, FROM_M) = 1
  :: st[1] != IDLE && CAN_RESEND && travel(1, FROM_V_AGAIN) == 0 && asked[1] -> travel(1, FROM_V_AGAIN) = 1

  /* SMS arrive, in any order, or never, or twice. */
  :: travel(0, 0) == 1 || travel(0, 0) == 2 -> d_step { arrive(0, 0) }
  :: travel(0, 1) == 1 -> d_step { arrive(0, 1) }
  :: travel(0, 2) == 1 || travel(0, 2) == 2 -> d_step { arrive(0, 2) }
  :: travel(0, 3) == 1 -> d_step { arrive(0, 3) }
  :: travel(0, 4) == 1 -> d_step { arrive(0, 4) }
  :: travel(1, 0) == 1 || travel(1, 0) == 2 -> d_step { arrive(1, 0) }
  :: travel(1, 1) == 1 -> d_step { arrive(1, 1) }
  :: travel(1, 2) == 1 -> d_step { arrive(1, 2) }

  /* What the devices report. The customer's app tells the truth, and so does the attacker's unless it is hooked. */
  :: isOpen(1) && travel(1, FROM_V) >= 2 && !(proofs[1] & SENT_ITEM) -> d_step { prove(1, 1, SENT_DELIVERED, false) }
  :: st[1] == SEEN && otpSent[1] -> d_step { prove(1, 1, OTP_RIGHT, true) }
  :: isOpen(0) && (forges || ownDelivered || (IS_OWNER && travel(0, FROM_V) >= 2)) && !(proofs[0] & SENT_ITEM) ->
     d_step { prove(0, 0, SENT_DELIVERED, false) }
  :: isOpen(0) && (forges || HAS_OWN_SIM || HOLDS_V) && !(proofs[0] & SENT_ITEM) -> d_step { prove(0, 0, SENT_ONLY, false) }
  :: st[0] == SEEN && otpSent[0] && !(proofs[0] & OTP_READ) && (HOLDS_V || IS_OWNER || (forges && CAN_READ)) ->
     d_step { prove(0, 0, OTP_RIGHT, true) }
  :: st[0] == SEEN && otpSent[0] && !(proofs[0] & OTP_READ) && CAN_READ -> d_step { prove(0, 0, OTP_RIGHT, false) }
  :: isOpen(0) && NV_COUNTS && (CAN_PROXY || HOLDS_V || IS_OWNER) && !(proofs[0] & NUMBER_VERIFIED) ->
     d_step { prove(0, 0, NV_PROOF, false) }
  :: isOpen(1) && NV_COUNTS && !(proofs[1] & NUMBER_VERIFIED) -> d_step { prove(1, 1, NV_PROOF, false) }
  :: st[0] == SEEN && !otpSent[0] -> d_step { say(0, 0, EV_OTP_SENT) }
  :: st[1] == SEEN && !otpSent[1] -> d_step { say(1, 1, EV_OTP_SENT) }

  /* Confirmations, at any time; with a foreign key too. */
  :: isOpen(0) -> d_step { say(0, 0, EV_CONFIRM) }
  :: isOpen(1) -> d_step { say(1, 1, EV_CONFIRM) }
  :: isOpen(1) && CAN_RESEND -> d_step { say(1, 0, EV_CONFIRM) }
  :: isOpen(1) && CAN_LEAVE && !left[1] -> d_step { left[1] = true; say(1, 1, EV_LEFT) }

  /* Time and nodes: there is one time for both sessions. */
  :: isOpen(0) && !late[0] ->
     d_step {
       late[0] = true;
       if :: isOpen(1) -> late[1] = true :: else fi;
       say(0, 0, EV_TICK)
     }
  :: isOpen(1) && !late[1] -> d_step {
       late[1] = true;
       if :: isOpen(0) -> late[0] = true :: else fi;
       printf("ACT late 1\n")
     }
  :: isOpen(1) && CAN_SKEW && !fenceOld[1] ->
     d_step {
       fenceOld[1] = true; skewed[1] = true;
       if :: isOpen(0) -> fenceOld[0] = true; skewed[0] = true :: else fi;
       printf("ACT failover 1\n")
     }
  od
}
