# An SMSC by Net::SMPP: accepts one bind, delivers the lines of standard input (coding, esm_class, source, destination, content in hex) and
# prints what the client answers. The first line that it prints is its port.
use strict;
use warnings;
use Net::SMPP;
use IO::Socket::INET;
$| = 1;
my $listener = Net::SMPP->new_listen('127.0.0.1', port => 0, smpp_version => 0x34, interface_version => 0x34) or die "listen: $!";
print 'port ', $listener->sockport, "\n";
my $client = $listener->accept or die "accept: $!";
my $bind = $client->read_pdu or die 'bind';
print "bind $bind->{cmd} $bind->{system_id} $bind->{password}\n";
my $isTransceiver = $bind->{cmd} == Net::SMPP::CMD_bind_transceiver;
my $answer = $isTransceiver ? 'bind_transceiver_resp' : 'bind_receiver_resp';
$client->$answer(seq => $bind->{seq}, status => 0, system_id => 'perl');
while (my $line = <STDIN>) {
  chomp $line;
  if ($line eq 'enquire') {
    my $seq = $client->enquire_link(async => 1);
    my $pdu = $client->read_pdu or die 'enquire';
    printf "answer %x %d %d\n", $pdu->{cmd}, $pdu->{status}, $pdu->{seq} == $seq;
    next;
  }
  if ($line eq 'unbind') {
    my $seq = $client->unbind(async => 1);
    my $pdu = $client->read_pdu or die 'unbind';
    printf "answer %x %d %d\n", $pdu->{cmd}, $pdu->{status}, $pdu->{seq} == $seq;
    last;
  }
  my ($coding, $esm, $from, $to, $hex) = split / /, $line;
  my $seq = $client->deliver_sm(async => 1, source_addr_ton => 1, source_addr_npi => 1, source_addr => $from,
    dest_addr_ton => 1, dest_addr_npi => 1, destination_addr => $to, esm_class => $esm,
    data_coding => $coding, short_message => pack('H*', $hex));
  my $pdu = $client->read_pdu or die 'deliver';
  printf "answer %x %d %d\n", $pdu->{cmd}, $pdu->{status}, $pdu->{seq} == $seq;
}
